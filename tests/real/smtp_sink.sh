#!/usr/bin/env bash
# A send of 2,000 messages to Postfix's smtp-sink: each arrives once.
set -euo pipefail
cd "$(dirname "$0")/../.."
straight=$PWD/target/release/straight
folder=$(mktemp -d)
port=$((20000 + RANDOM % 20000))
trap 'kill "$sink" 2>/dev/null || true; rm -rf "$folder"' EXIT
cp -r articles "$folder"
cd "$folder"
mkdir sunk
chmod 777 "$folder" sunk
smtp-sink -u nobody -d sunk/%s. "127.0.0.1:$port" 100 2>sink.log &
sink=$!
sleep 1

count=2000
{ echo email; seq -f 'reader%g@example.org' "$count"; } >readers.csv
"$straight" subscribers import readers.csv
"$straight" --smtp-url "smtp://127.0.0.1:$port" send | tee sent.txt
grep -q "Sent to $count of $count readers" sent.txt

cat sunk/* >all
test "$(grep -c '^X-Rcpt-Args: ' all)" = "$count"
test "$(grep '^X-Rcpt-Args: ' all | sort -u | wc -l)" = "$count"
"$straight" --smtp-url "smtp://127.0.0.1:$port" send | grep -q 'gone out already'
echo "smtp-sink: $count messages, each once"
