# PostgreSQL: the user's own programs (APPACCESS_TEST_POSTGRES), those of the machine, or Debian's package.
# Sourced by get.sh, after common.sh.

# The folder with the programs of the newest version that is installed; nothing where there is none.
find_postgresql() {
    if command -v pg_config >/dev/null 2>&1 && [ -x "$(pg_config --bindir)/initdb" ]; then
        pg_config --bindir
        return
    fi
    local folder
    for folder in $(printf '%s\n' /usr/lib/postgresql/*/bin /usr/pgsql-*/bin | sort --version-sort --reverse); do
        if [ -x "$folder/postgres" ] && [ -x "$folder/initdb" ]; then
            printf '%s\n' "$folder"
            return
        fi
    done
}

check_postgresql() {
    local folder=$1 program
    for program in postgres initdb; do
        [ -x "$folder/$program" ] || give_up PostgreSQL "the folder that APPACCESS_TEST_POSTGRES names has no program '$program'" \
            "unset it to use what is installed, or name the folder with the programs of a server"
    done
}

get_postgresql() {
    if [ -n "${APPACCESS_TEST_POSTGRES:-}" ]; then
        check_postgresql "$APPACCESS_TEST_POSTGRES"
        return
    fi
    [ -z "$(find_postgresql)" ] || return 0
    if ! command -v apt-get >/dev/null || [ "$(id -u)" != 0 ]; then
        give_up PostgreSQL "no server is installed, and only root can install Debian's" \
            "install the package postgresql (13 or newer), or set APPACCESS_TEST_POSTGRES to the folder with its programs"
    fi
    say "installing Debian's postgresql (once)"
    # The server of the package must not start by itself: the tests start one of their own.
    mkdir -p /etc/postgresql-common/createcluster.d
    printf 'create_main_cluster = false\n' >/etc/postgresql-common/createcluster.d/appaccess-tests.conf
    { apt-get update --quiet &&
        DEBIAN_FRONTEND=noninteractive apt-get install --quiet --yes --no-install-recommends postgresql; } >&2 ||
        give_up PostgreSQL "apt-get failed (its own words are above)" "see that the package mirror can be reached, then try again"
}

where_postgresql() {
    local folder=${APPACCESS_TEST_POSTGRES:-$(find_postgresql)}
    [ -n "$folder" ] || give_up PostgreSQL "no server is installed on this machine" "run 'make tools' once"
    check_postgresql "$folder"
    printf 'APPACCESS_TEST_POSTGRES=%s\n' "$folder"
}
