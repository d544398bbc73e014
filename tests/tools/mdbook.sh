# mdbook, which makes the book of docs/. Sourced by get.sh, after common.sh.

mdbook_version=0.5.4
mdbook_folder="$cache/mdbook-$mdbook_version"

build_mdbook() {
    local folder=$1
    need_command cargo mdbook "install Rust as rust-toolchain.toml says"
    say "building mdbook $mdbook_version (once; about 3 minutes on 2 cores)"
    # Without its own web server, which nothing here needs. In the repository, so that the toolchain is the pinned one.
    if ! (cd "$repository" && CARGO_TARGET_DIR="$folder/target" nice -n 15 cargo install --quiet mdbook --version "$mdbook_version" \
        --locked --no-default-features --features search --root "$folder" >&2); then
        give_up mdbook "'cargo install mdbook' failed (its own words are above)" \
            "see that crates can be downloaded and 1 GB of disk is free, then try again"
    fi
    rm -rf "$folder/target"
}

get_mdbook() {
    build_into "$mdbook_folder" build_mdbook
}

where_mdbook() {
    [ -e "$mdbook_folder/complete" ] || give_up mdbook "it has not been built on this machine yet" "run 'make tools' once"
    printf 'APPACCESS_TEST_MDBOOK=%s\n' "$mdbook_folder/bin/mdbook"
}
