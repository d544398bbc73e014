# The SCIM servers that others wrote: scim2-server (Python) and scimmy (Node.js), each pinned by hash in tests/peers.
# Sourced by get.sh, after common.sh.

scim2_requirements="$repository/tests/peers/requirements.txt"
scim2_folder="$cache/scim2-server-$(fingerprint "$scim2_requirements")"
scimmy_sources=(
    "$repository/tests/peers/scimmy/package.json"
    "$repository/tests/peers/scimmy/package-lock.json"
    "$repository/tests/peers/scimmy/server.mjs"
)
scimmy_folder="$cache/scimmy-$(fingerprint "${scimmy_sources[@]}")"

build_scim2_server() {
    local folder=$1
    need_command python3 scim2-server "install Python 3.11 or newer with its venv module"
    say "installing scim2-server into a virtual environment (once)"
    python3 -m venv "$folder" >&2 || give_up scim2-server "'python3 -m venv' failed (its own words are above)" \
        "install the venv module of python3 (Debian: apt-get install python3-venv)"
    "$folder/bin/python" -m pip --disable-pip-version-check --quiet install --require-hashes --only-binary :all: \
        --requirement "$scim2_requirements" >&2 || give_up scim2-server "pip failed (its own words are above)" \
        "see that the Python package index can be reached and that python3 is 3.11 or newer, then try again"
}

get_scim2_server() {
    build_into "$scim2_folder" build_scim2_server
}

where_scim2_server() {
    [ -e "$scim2_folder/complete" ] ||
        give_up scim2-server "it has not been installed on this machine yet" "run 'make tools' once"
    printf 'APPACCESS_TEST_SCIM2_SERVER=%s\n' "$scim2_folder/bin/scim2-server"
}

build_scimmy() {
    local folder=$1
    need_command node scimmy "install Node.js 20 or newer"
    need_command npm scimmy "install npm, which comes with Node.js"
    say "installing scimmy from its lockfile (once)"
    cp "${scimmy_sources[@]}" "$folder/"
    (cd "$folder" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error >&2) ||
        give_up scimmy "'npm ci' failed (its own words are above)" \
            "see that the npm registry can be reached and that node is 20 or newer, then try again"
}

get_scimmy() {
    build_into "$scimmy_folder" build_scimmy
}

where_scimmy() {
    [ -e "$scimmy_folder/complete" ] || give_up scimmy "it has not been installed on this machine yet" "run 'make tools' once"
    need_command node scimmy "install Node.js 20 or newer"
    printf 'APPACCESS_TEST_SCIMMY=%s\n' "$scimmy_folder/server.mjs"
}
