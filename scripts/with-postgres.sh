#!/usr/bin/env bash
# Runs a command beside a throw-away PostgreSQL cluster: with-postgres.sh CMD [ARG...]
#
# The cluster lives in a temporary directory, listens on 127.0.0.1 and on a socket in that
# directory, trusts everybody and syncs nothing: it is for tests alone. The command finds it in
# MUSTER_TEST_POSTGRES_URL. Whatever becomes of the command, the cluster is stopped and removed.
set -euo pipefail

readonly START_ATTEMPTS_MAX=10

if [ $# -eq 0 ]; then
    echo "usage: $0 CMD [ARG...]" >&2
    exit 64
fi

# The programs in PATH, else the newest that a Debian package installed.
find_program() {
    command -v "$1" && return
    local found
    found=$(find /usr/lib/postgresql -path "*/bin/$1" 2>/dev/null | sort -V | tail -n 1)
    [ -n "$found" ] && echo "$found"
}

for program in initdb pg_ctl; do
    if ! find_program "$program" >/dev/null; then
        echo "$0: cannot find $program: install PostgreSQL 15 or later (Debian: postgresql)," >&2
        echo "or name a cluster for tests in MUSTER_TEST_POSTGRES_URL" >&2
        exit 69
    fi
done
initdb=$(find_program initdb)
pg_ctl=$(find_program pg_ctl)

# PostgreSQL refuses to run as root, so root hands the cluster to somebody without privileges.
as_owner=()
owner=$(id -un)
if [ "$(id -u)" -eq 0 ]; then
    owner=nobody
    if id postgres >/dev/null 2>&1; then
        owner=postgres
    fi
    as_owner=(setpriv "--reuid=$owner" "--regid=$(id -g "$owner")" --clear-groups)
fi

# Memory makes new databases ten times faster than a disk does.
parent=/dev/shm
if [ ! -d "$parent" ] || [ ! -w "$parent" ]; then
    parent=${TMPDIR:-/tmp}
fi
base=$(mktemp -d "$parent/muster-postgres.XXXXXX")
data="$base/data"

stop() {
    trap - EXIT
    "${as_owner[@]}" "$pg_ctl" -D "$data" -m immediate -w stop >/dev/null 2>&1 || true
    rm -rf "$base"
}
trap stop EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

chown "$owner" "$base"
cd "$base"
"${as_owner[@]}" "$initdb" -D "$data" -U muster -A trust -E UTF8 --locale=C --no-sync \
    >"$base/initdb.log" 2>&1 || { cat "$base/initdb.log" >&2; exit 70; }
"${as_owner[@]}" tee -a "$data/postgresql.conf" >/dev/null <<CONF
listen_addresses = '127.0.0.1'
unix_socket_directories = '$base'
fsync = off
synchronous_commit = off
full_page_writes = off
max_connections = 500
autovacuum = off
max_wal_size = '256MB'
CONF

# A port that was free may be taken a moment later, so starting is tried on several.
started=
for _ in $(seq "$START_ATTEMPTS_MAX"); do
    port=$((20000 + RANDOM % 12000))
    if "${as_owner[@]}" "$pg_ctl" -D "$data" -l "$base/log" -o "-p $port" -w start \
        >/dev/null 2>&1 </dev/null; then
        started=yes
        break
    fi
done
if [ -z "$started" ]; then
    echo "$0: PostgreSQL did not start" >&2
    cat "$base/log" >&2
    exit 70
fi

cd "$OLDPWD"
export MUSTER_TEST_POSTGRES_URL="postgres://muster@127.0.0.1:$port/postgres"
status=0
"$@" || status=$?
exit "$status"
