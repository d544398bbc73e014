#!/usr/bin/env bash
# Applies what was merged, for pipelines that keep no state but git: a tag says which commit was applied last. What that
# commit declared counts as ours, so that what was withdrawn since is removed, also by a commit whose pipeline never ran.
#
#   apply.sh PATH… [-- FLAG…]
#
# PATH: where the YAML is, from the root of the repository on. FLAG: for `appaccess apply`, such as --secrets DIR. Of the
# environment:
#   APPLIED_TAG   the tag; appaccess-applied where absent. Nobody but this pipeline may move it
#   BEFORE        for the first run, while there is no tag: the commit before; nothing counts as ours where absent
#
# It ends as `appaccess apply` does. Only after 0 is the tag moved: what was held, or failed, is looked at again next time.
# It ends with 1 where HEAD does not contain what was applied last, as in a job that is run again after newer merges: that
# would take away what they gave. To go back, revert in git.
set -euo pipefail

tag=${APPLIED_TAG:-appaccess-applied}
paths=()
while [ $# -gt 0 ] && [ "$1" != -- ]; do
  paths+=("$1")
  shift
done
[ $# -eq 0 ] || shift

scratch=$(mktemp -d)
before=$scratch/base
cleanup() {
  git worktree remove --force "$before" 2>/dev/null || true
  rm -rf "$scratch"
}
trap cleanup EXIT

# Whether one commit contains another can be told only where the history is there.
if [ "$(git rev-parse --is-shallow-repository)" = true ]; then git fetch --quiet --unshallow origin; fi

# The tag of the forge counts, not one that lies about; a forge that does not answer is no forge without the tag.
missing=0
found=$(git ls-remote --exit-code origin "refs/tags/$tag") || missing=$?
case $missing in
  0)
    found=${found%%[[:space:]]*}
    git fetch --quiet --force origin "refs/tags/$tag:refs/tags/$tag"
    base=$(git rev-parse "$found^{commit}")
    if ! git merge-base --is-ancestor "$base" HEAD; then
      echo "apply.sh: commit $base was applied last (tag $tag), and $(git rev-parse HEAD) does not contain it;" \
        "nothing was done. Run the job of the newest commit; where the branch was rewritten, move the tag by hand." >&2
      exit 1
    fi
    ;;
  2) base=$(git rev-parse --quiet --verify "${BEFORE:-none}^{commit}" || true) ;;
  *) exit 1 ;;
esac
if [ -n "$base" ]; then git worktree add --quiet --detach "$before" "$base"; else mkdir -p "$before"; fi
files=()
for path in "${paths[@]}"; do
  files+=(-f "$path")
  [ -e "$before/$path" ] || mkdir -p "$before/$path"
  files+=(--base "$before/$path")
done

appaccess apply "${files[@]}" --yes "$@"
# Moved only from where it was found: what another run applied meanwhile stays the last.
git push --quiet --force-with-lease="refs/tags/$tag:$found" origin "HEAD:refs/tags/$tag"
