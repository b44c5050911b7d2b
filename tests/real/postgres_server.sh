# To be sourced: start_postgres makes a throw-away PostgreSQL cluster on a free port of loopback and sets postgres_url;
# stop_postgres ends and removes it.

start_postgres() {
    local bin
    bin=$(dirname "$(find /usr/lib/postgresql -name initdb | sort -V | tail -1)")
    postgres_folder=$(mktemp -d)
    postgres_port=$((20000 + RANDOM % 20000))
    chmod 755 "$postgres_folder"
    chown postgres "$postgres_folder"
    as_postgres() { (cd / && setpriv --reuid=postgres --regid=postgres --clear-groups "$@"); }
    as_postgres "$bin/initdb" -D "$postgres_folder/data" -A trust -U straight >/dev/null
    as_postgres "$bin/pg_ctl" -D "$postgres_folder/data" -w -l "$postgres_folder/log" \
        -o "-p $postgres_port -h 127.0.0.1 -k $postgres_folder" start >/dev/null
    postgres_pg_ctl=$bin/pg_ctl
    postgres_url=postgres://straight@127.0.0.1:$postgres_port/postgres
}

stop_postgres() {
    [ -n "${postgres_folder:-}" ] || return 0
    as_postgres "$postgres_pg_ctl" -D "$postgres_folder/data" -m immediate stop >/dev/null || true
    rm -rf "$postgres_folder"
}
