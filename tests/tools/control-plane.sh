# kube-apiserver, etcd and kubectl: the user's own (KUBEBUILDER_ASSETS), the cached ones, or built from Go modules.
# Sourced by get.sh, after common.sh.

kubernetes_version=1.35.4
etcd_version=3.6.5
control_plane_folder="$cache/k8s-$kubernetes_version-etcd-$etcd_version"
control_plane_programs=(kube-apiserver etcd kubectl)

build_control_plane() {
    local folder=$1
    local remedy="install Go 1.25 or newer, or point KUBEBUILDER_ASSETS at a folder with kube-apiserver, etcd and kubectl"
    need_command go "kube-apiserver, etcd and kubectl" "$remedy"
    say "building kube-apiserver $kubernetes_version and etcd $etcd_version from their Go modules (once; about 6 minutes on 2 cores)"
    local version=k8s.io/component-base/version
    # Without a version the server calls itself v0.0.0-master, and clients that compare versions stumble over it.
    if ! (cd "$repository/tests/cluster" && CGO_ENABLED=0 nice -n 15 go build -p 2 -mod=readonly -trimpath -buildvcs=false \
        -ldflags "-s -w -X $version.gitVersion=v$kubernetes_version -X $version.gitMajor=1 -X $version.gitMinor=35" \
        -o "$folder/" tool >&2); then
        give_up "kube-apiserver, etcd and kubectl" "'go build' in tests/cluster failed (its own words are above)" \
            "see that the Go module proxy can be reached and 2 GB of disk are free, then try again; or set KUBEBUILDER_ASSETS"
    fi
    mv "$folder/server" "$folder/etcd"
}

check_control_plane() {
    local folder=$1 origin=$2 program
    for program in "${control_plane_programs[@]}"; do
        [ -x "$folder/$program" ] || give_up "$program" "$origin has no program of that name" \
            "unset KUBEBUILDER_ASSETS to have it built, or complete that folder"
    done
}

get_control_plane() {
    if [ -n "${KUBEBUILDER_ASSETS:-}" ]; then
        check_control_plane "$KUBEBUILDER_ASSETS" "the folder that KUBEBUILDER_ASSETS names"
        return
    fi
    build_into "$control_plane_folder" build_control_plane
}

where_control_plane() {
    if [ -z "${KUBEBUILDER_ASSETS:-}" ] && [ ! -e "$control_plane_folder/complete" ]; then
        give_up "kube-apiserver, etcd and kubectl" "they have not been built on this machine yet" "run 'make tools' once"
    fi
    local folder=${KUBEBUILDER_ASSETS:-$control_plane_folder}
    check_control_plane "$folder" "$folder, which KUBEBUILDER_ASSETS or the cache names,"
    printf 'KUBEBUILDER_ASSETS=%s\n' "$folder"
}
