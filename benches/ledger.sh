#!/usr/bin/env bash
# Import, publish, render, start and size for docs/performance.md; `benches/ledger.sh --help` has the options.
# BENCH_BINARY names another binary than target/release/straight.
set -euo pipefail
exec python3 "$(dirname "$0")/ledger.py" "$@"
