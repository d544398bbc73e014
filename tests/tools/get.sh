#!/usr/bin/env bash
# Gets the tools that the tests run against, and says where they are.
#
#   tests/tools/get.sh [TOOL…]          gets what is missing, then prints KEY=VALUE lines
#   tests/tools/get.sh --where [TOOL…]  gets nothing: prints the same lines, or fails and says what is missing
#
# TOOL: control-plane (kube-apiserver, etcd, kubectl), helm, gitops, scim2-server, scimmy, postgresql, mdbook; all of them by
# default. They live in a cache folder of the user's ($APPACCESS_TEST_TOOLS, by default under $XDG_CACHE_HOME or ~/.cache),
# named by their versions; postgresql is that of the machine, or Debian's package. KUBEBUILDER_ASSETS and
# APPACCESS_TEST_POSTGRES, where set, name the folders of the programs of the control plane and of PostgreSQL, and nothing
# is built or installed.

set -euo pipefail

here=$(dirname "${BASH_SOURCE[0]}")
# shellcheck source=common.sh
. "$here/common.sh"
# shellcheck source=control-plane.sh
. "$here/control-plane.sh"
# shellcheck source=gitops.sh
. "$here/gitops.sh"
# shellcheck source=helm.sh
. "$here/helm.sh"
# shellcheck source=peers.sh
. "$here/peers.sh"
# shellcheck source=mdbook.sh
. "$here/mdbook.sh"
# shellcheck source=postgresql.sh
. "$here/postgresql.sh"

get=yes
if [ "${1:-}" = --where ]; then
    get=no
    shift
fi
if [ $# -eq 0 ]; then
    set -- scim2-server scimmy postgresql control-plane helm gitops mdbook
fi

for tool in "$@"; do
    case $tool in
        control-plane | gitops | helm | mdbook | postgresql | scim2-server | scimmy) ;;
        *) give_up "'$tool'" "no tool has that name" \
            "name control-plane, gitops, helm, mdbook, postgresql, scim2-server or scimmy" ;;
    esac
    if [ $get = yes ]; then
        "get_${tool//-/_}"
    fi
    "where_${tool//-/_}"
done
