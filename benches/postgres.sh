#!/usr/bin/env bash
# What a message costs PostgreSQL, with one and more nodes, for docs/performance.md; `benches/postgres.sh --help` has the
# options. It makes a cluster of its own from Debian's packages and throws it away, for which it must be root.
# BENCH_BINARY names another binary than target/release/straight.
set -euo pipefail
here=$(dirname "$0")
case " $* " in *" -h "* | *" --help "*) exec python3 "$here/postgres.py" "$@" ;; esac
# shellcheck source=tests/real/postgres_server.sh
source "$here/../tests/real/postgres_server.sh"
trap stop_postgres EXIT
start_postgres
# A statement is counted with its planning, and whoever waits 10 ms for a lock is in the log.
for setting in "shared_preload_libraries = pg_stat_statements" "pg_stat_statements.track_planning = on" \
    "log_lock_waits = on" "deadlock_timeout = '10ms'"; do
    echo "$setting" >>"$postgres_folder/data/postgresql.conf"
done
as_postgres "$postgres_pg_ctl" -D "$postgres_folder/data" -w -l "$postgres_folder/log" restart >/dev/null
python3 "$here/postgres.py" --server "$postgres_url" --log "$postgres_folder/log" "$@"
