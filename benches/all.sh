#!/usr/bin/env bash
# Writes every table of docs/performance.md anew, on a machine that does nothing else: about twenty-five minutes. The last one alone
# (reading and signing up): benches/web.sh --page
# BENCH_BINARY names another binary than target/release/straight.
set -euo pipefail
cd "$(dirname "$0")/.."
for signed in none ed25519 both; do
    benches/send.sh --repetitions 7 --messages 10000 --connections 4 16 --signed "$signed" --page "10,000 mails, signed: $signed"
done
benches/send.sh --repetitions 3 --messages 400 --distance 20 --connections 1 --page '20 ms away'
benches/send.sh --repetitions 1 --messages 1000000 --connections 4 --page '1,000,000 mails, signed: none'
benches/ledger.sh --page
benches/web.sh --page
