#!/usr/bin/env bash
# Makes the book of docs/: tests/tools/book.sh [FOLDER], by default target/book. A warning is an error. Links that lead out
# of docs/ lead to the repository afterwards.

set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
destination=${1:-$root/target/book}
place=$("$root/tests/tools/get.sh" --where mdbook)
mdbook=${place#APPACCESS_TEST_MDBOOK=}

words=$("$mdbook" build --dest-dir "$destination" "$root" 2>&1) || {
    printf '%s\n' "$words" >&2
    exit 1
}
if printf '%s\n' "$words" | grep -qE 'WARN|ERROR'; then
    printf '%s\n' "$words" >&2
    exit 1
fi

repository=$(sed -n 's/^git-repository-url = "\(.*\)"$/\1/p' "$root/book.toml")
# One step up leaves the book from its first level, two steps from its folders. mdbook has made `.html` of `.md`.
leave() {
    local up=$1
    shift
    sed -i.before -E -e "s|href=\"$up([^\"#.][^\"#]*)\.html(#[^\"]*)?\"|href=\"$repository/blob/main/\1.md\2\"|g" \
        -e "s|href=\"$up([^\"#.][^\"]*)\"|href=\"$repository/blob/main/\1\"|g" "$@"
}
leave '\.\./' "$destination"/*.html
leave '\.\./\.\./' "$destination"/*/*.html
# The page of a folder is its index.
find "$destination" -name '*.html' -exec sed -i.before -E '/href="https:/!s|(href="[^":]*)README\.html|\1index.html|g' {} +
find "$destination" -name '*.before' -delete
printf 'The book stands in %s\n' "$destination/index.html"
