# helm: the user's own (APPACCESS_TEST_HELM), the cached one, or built from its Go module. Sourced by get.sh, after common.sh.

helm_version=4.3.1
helm_folder="$cache/helm-$helm_version"

build_helm() {
    local folder=$1
    need_command go helm "install Go 1.25 or newer, or point APPACCESS_TEST_HELM at a helm of your own"
    say "building helm $helm_version from its Go module (once; about 3 minutes on 2 cores)"
    if ! (cd "$folder" && CGO_ENABLED=0 GOBIN="$folder" GOFLAGS=-trimpath nice -n 15 \
        go install -p 2 "helm.sh/helm/v4/cmd/helm@v$helm_version" >&2); then
        give_up helm "'go install' failed (its own words are above)" \
            "see that the Go module proxy can be reached, then try again; or set APPACCESS_TEST_HELM"
    fi
}

get_helm() {
    if [ -z "${APPACCESS_TEST_HELM:-}" ]; then
        build_into "$helm_folder" build_helm
    fi
}

where_helm() {
    local helm=${APPACCESS_TEST_HELM:-$helm_folder/helm}
    [ -x "$helm" ] || give_up helm "$helm is not there, or cannot be run" "run 'make tools' once"
    printf 'APPACCESS_TEST_HELM=%s\n' "$helm"
}
