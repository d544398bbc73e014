# What the scripts of this folder share. Sourced, never run.
# Standard output is for KEY=VALUE lines only; everything meant for a person goes to standard error.

repository=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
cache=${APPACCESS_TEST_TOOLS:-${XDG_CACHE_HOME:-$HOME/.cache}/appaccess/test-tools}

say() {
    printf 'test tools: %s\n' "$*" >&2
}

# Ends the script: what is missing, why, and what to do about it.
give_up() {
    local what=$1 why=$2 remedy=$3
    printf 'test tools: cannot get %s\n  why:     %s\n  what to do: %s\n' "$what" "$why" "$remedy" >&2
    exit 1
}

need_command() {
    local command=$1 what=$2 remedy=$3
    command -v "$command" >/dev/null 2>&1 || give_up "$what" "the command '$command' is not on PATH" "$remedy"
}

# Runs the function `$2 FOLDER` on an empty folder $1 and marks that complete only when it succeeded, so that an
# interrupted run is begun anew. One process at a time; the others wait and find the work done.
build_into() {
    local folder=$1 build=$2
    mkdir -p "$cache"
    exec 9>"$folder.lock"
    if command -v flock >/dev/null 2>&1; then
        flock 9
    fi
    if [ ! -e "$folder/complete" ]; then
        rm -rf "$folder"
        mkdir -p "$folder"
        "$build" "$folder"
        touch "$folder/complete"
    fi
    exec 9>&-
}

# A short name for the exact content of the given files.
fingerprint() {
    if command -v sha256sum >/dev/null 2>&1; then
        cat "$@" | sha256sum | cut -c1-12
    else
        cat "$@" | shasum -a 256 | cut -c1-12
    fi
}
