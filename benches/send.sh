#!/usr/bin/env bash
# The send of docs/performance.md beside smtp-source; `benches/send.sh --help` has the options.
# BENCH_BINARY names another binary than target/release/straight.
set -euo pipefail
exec python3 "$(dirname "$0")/send.py" "$@"
