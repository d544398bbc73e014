#!/usr/bin/env bash
# Says in a pull request (or merge request) what it means in people and money, and updates that comment with each push.
# Needs bash, git, curl, jq and appaccess; no credential of any app. Nothing but files is read.
#
#   review.sh github|gitlab|file PATH…
#
# PATH: where the YAML is, from the root of the repository on. Of the environment:
#   BASE              what the change is compared with: a commit or a branch; its merge base with HEAD counts
#   CHANGE            the last commit of the change, where HEAD may be a merge that the forge made of it to try it out: then
#                     the first parent of HEAD counts, since BASE can be older than what else was merged meanwhile
#   COMMENT_FILE      where the comment is also written (with `file`: only written); review.md where absent
#   COMMENT_KEY       tells two comments of one pull request apart, where a repository holds two installations
# for github: GITHUB_API_URL, GITHUB_REPOSITORY, GITHUB_TOKEN (pull-requests: write), PULL_REQUEST (its number),
#   COMMENT_AUTHOR    whose comment is updated; github-actions[bot] where absent
# for gitlab: CI_API_V4_URL, CI_PROJECT_ID, CI_MERGE_REQUEST_IID, GITLAB_TOKEN (of the project, scope api)
#
# It ends as `appaccess plan` does: 0, 1 where a claim is refused or unknown, 64 where the files are invalid.
set -euo pipefail

forge=${1:?github, gitlab or file}
shift
comment=${COMMENT_FILE:-review.md}
marker="<!-- appaccess:review${COMMENT_KEY:+ $COMMENT_KEY} -->"

scratch=$(mktemp -d)
before=$scratch/base
cleanup() {
  git worktree remove --force "$before" 2>/dev/null || true
  rm -rf "$scratch"
}
trap cleanup EXIT

base=$(git merge-base "${BASE:?the commit or branch to compare with}" HEAD)
if [ -n "${CHANGE:-}" ] && [ "$(git rev-parse --quiet --verify HEAD^2)" = "$CHANGE" ]; then base=HEAD^1; fi
git worktree add --quiet --detach "$before" "$base"
files=()
for path in "$@"; do
  files+=(-f "$path")
  # A folder that is new has nothing to be compared with.
  [ -e "$before/$path" ] || mkdir -p "$before/$path"
  files+=(--base "$before/$path")
done

code=0
appaccess plan "${files[@]}" -o markdown >"$scratch/plan.md" || code=$?
{
  printf '%s\n' "$marker"
  if [ -s "$scratch/plan.md" ]; then
    # The first line is the marker without a key; the folder of the base means nothing to a reader.
    tail -n +2 "$scratch/plan.md" | sed "s|$before/|BASE/|g"
  else
    printf '### Access: this change cannot be judged\n\nThe log of this job says why (exit code %s).\n' "$code"
  fi
} >"$comment"

# Sends a request with the token in a file of its own, so that it is in no list of processes.
call() {
  local method=$1 url=$2 header=$3
  shift 3
  printf 'header = "%s"\n' "$header" >"$scratch/curl"
  curl --silent --show-error --fail-with-body --max-time 60 --config "$scratch/curl" --request "$method" "$@" "$url"
}

# Prints the id of our comment, if there is one, page by page. Somebody else's with our marker is not ours.
find_comment() {
  local url=$1 header=$2 filter=$3 page answer id
  for ((page = 1; page <= 50; page++)); do
    answer=$(call GET "$url?per_page=100&page=$page" "$header")
    id=$(jq -r --arg marker "$marker" --arg author "$author" \
      "first(.[] | select($filter == \$author) | select(.body | startswith(\$marker)) | .id) // empty" <<<"$answer")
    if [ -n "$id" ] || [ "$(jq length <<<"$answer")" -lt 100 ]; then break; fi
  done
  printf '%s' "$id"
}

jq -n --rawfile body "$comment" '{body: $body}' >"$scratch/body.json"
case $forge in
  github)
    api="${GITHUB_API_URL:-https://api.github.com}/repos/${GITHUB_REPOSITORY:?}"
    header="Authorization: Bearer ${GITHUB_TOKEN:?}"
    author=${COMMENT_AUTHOR:-github-actions[bot]}
    list=$api/issues/${PULL_REQUEST:?}/comments
    id=$(find_comment "$list" "$header" .user.login)
    if [ -n "$id" ]; then method=PATCH target=$api/issues/comments/$id; else method=POST target=$list; fi
    ;;
  gitlab)
    header="PRIVATE-TOKEN: ${GITLAB_TOKEN:?}"
    author=$(call GET "${CI_API_V4_URL:?}/user" "$header" | jq -r .username)
    list=$CI_API_V4_URL/projects/${CI_PROJECT_ID:?}/merge_requests/${CI_MERGE_REQUEST_IID:?}/notes
    id=$(find_comment "$list" "$header" .author.username)
    if [ -n "$id" ]; then method=PUT target=$list/$id; else method=POST target=$list; fi
    ;;
  file)
    exit "$code"
    ;;
  *)
    echo "review.sh: $forge is neither github nor gitlab nor file" >&2
    exit 64
    ;;
esac
call "$method" "$target" "$header" --header 'Content-Type: application/json' --data-binary "@$scratch/body.json" >/dev/null
exit "$code"
