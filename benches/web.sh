#!/usr/bin/env bash
# Reading and signing up under load, for docs/performance.md; `benches/web.sh --help` has the options. Needs Debian's packages
# wrk and, as a yardstick, nginx-light; with --postgres also postgresql. BENCH_BINARY names another binary than
# target/release/straight.
set -euo pipefail
cd "$(dirname "$0")/.."
if [[ " $* " == *" --postgres "* ]]; then
    # shellcheck source=tests/real/postgres_server.sh
    source tests/real/postgres_server.sh
    trap stop_postgres EXIT
    start_postgres
    export BENCH_POSTGRES=$postgres_url
fi
python3 benches/web.py "$@"
