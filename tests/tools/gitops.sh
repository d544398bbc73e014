# What Flux and Argo CD would say of an object: a small program of ours around the interpreters that they use.
# Sourced by get.sh, after common.sh.

gitops_sources=("$repository/tests/gitops/go.mod" "$repository/tests/gitops/go.sum" "$repository/tests/gitops/main.go")
gitops_folder="$cache/gitops-$(fingerprint "${gitops_sources[@]}")"

build_gitops() {
    local folder=$1
    need_command go "the health checks of GitOps tools" "install Go 1.25 or newer"
    say "building cel-go and gopher-lua from their Go modules (once; under a minute on 2 cores)"
    (cd "$repository/tests/gitops" && CGO_ENABLED=0 nice -n 15 go build -p 2 -mod=readonly -trimpath -buildvcs=false \
        -o "$folder/gitops" . >&2) ||
        give_up "the health checks of GitOps tools" "'go build' in tests/gitops failed (its own words are above)" \
            "see that the Go module proxy can be reached, then try again"
}

get_gitops() {
    build_into "$gitops_folder" build_gitops
}

where_gitops() {
    [ -e "$gitops_folder/complete" ] ||
        give_up "the health checks of GitOps tools" "they have not been built on this machine yet" "run 'make tools' once"
    printf 'APPACCESS_TEST_GITOPS=%s\n' "$gitops_folder/gitops"
}
