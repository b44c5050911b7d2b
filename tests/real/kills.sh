#!/usr/bin/env bash
# kill -9 and SIGTERM at random instants, and the release binary against a server that counts copies. After every round
# the server's side is held against the ledger's. Writes docs/reliability.md.
# KILL_ROUNDS: how many of each kind (default 20). KILL_SEED: the same instants again, as far as a scheduler allows.
set -euo pipefail
cd "$(dirname "$0")/../.."
exec python3 tests/real/kills.py "${PROFILE:-release}" "${KILL_ROUNDS:-20}" "${KILL_SEED:-$RANDOM}"
