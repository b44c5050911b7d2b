#!/usr/bin/env bash
# kill -9 and SIGTERM in the middle of a send to smtp-sink. What the server accepted is compared with the ledger:
# nobody is missed, and there are no more copies than recipients and uncertain attempts on record.
set -euo pipefail
cd "$(dirname "$0")/../.."
straight=$PWD/target/release/straight
folder=$(mktemp -d)
port=$((20000 + RANDOM % 20000))
trap 'kill "${sink:-}" 2>/dev/null || true; rm -rf "$folder"' EXIT
cp -r articles "$folder"
cd "$folder"
chmod 777 "$folder"
count=3000
{ echo email; seq -f 'reader%g@example.org' "$count"; } >readers.csv

for signal in KILL TERM KILL; do
    rm -rf data sunk
    mkdir -m 777 sunk
    smtp-sink -u nobody -d sunk/%s. "127.0.0.1:$port" 100 2>sink.log &
    sink=$!
    sleep 0.5
    "$straight" subscribers import readers.csv >/dev/null
    "$straight" --smtp-url "smtp://127.0.0.1:$port" send >first.txt 2>&1 &
    sender=$!
    for _ in $(seq 500); do
        test "$(ls sunk | wc -l)" -lt 200 || break
        sleep 0.01
    done
    kill -s "$signal" "$sender"
    code=0
    wait "$sender" || code=$?
    before=$(ls sunk | wc -l)
    "$straight" --smtp-url "smtp://127.0.0.1:$port" send >second.txt
    grep -q "Sent to $count of $count readers" second.txt
    sleep 0.5
    kill "$sink"
    wait "$sink" 2>/dev/null || true
    cat sunk/* >all
    readers=$(grep '^X-Rcpt-Args: ' all | sort -u | wc -l)
    copies=$(grep -c '^X-Rcpt-Args: ' all)
    uncertain=$(python3 -c "import sqlite3; print(sqlite3.connect('data/straight.db').execute(\"select count(*) from attempts where outcome = 'uncertain'\").fetchone()[0])")
    echo "SIG$signal after $before messages (exit code $code): $readers of $count readers, $((copies - count)) doubles, $uncertain uncertain on record"
    test "$readers" = "$count"
    test "$((copies - count))" -le "$uncertain"
    test "$uncertain" -le 8 # two a connection
    test "$before" -lt "$count"
    if [ "$signal" = TERM ]; then test "$uncertain" = 0; fi
done
