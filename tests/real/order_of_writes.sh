#!/usr/bin/env bash
# The order of system calls: every final dot leaves after the fsync that made this reader's `sending` durable.
# strace records a send to smtp-sink; order_of_writes.py rebuilds from it what the disk held at each dot.
set -euo pipefail
cd "$(dirname "$0")/../.."
straight=$PWD/target/${PROFILE:-release}/straight
judge=$PWD/tests/real/order_of_writes.py
folder=$(mktemp -d)
port=$((20000 + RANDOM % 20000))
trap 'kill "${sink:-}" 2>/dev/null || true; rm -rf "$folder"' EXIT
cd "$folder"
mkdir articles
printf -- '---\ntitle: Order\ndate: 2025-01-02\nsummary: Order.\nhighlights: [Order]\n---\nFirst the ledger, then the dot.\n' >articles/order.md
touch -d '1 hour ago' articles/order.md
smtp-sink -u nobody "127.0.0.1:$port" 100 2>sink.log &
sink=$!
sleep 0.5

count=200
{ echo email; seq -f 'reader%g@example.org' "$count"; } >readers.csv
"$straight" subscribers import readers.csv >/dev/null
cp data/straight.db before.db
strace -f -xx -s 4200 -o trace.txt -e trace=openat,close,dup,fcntl,connect,pwrite64,ftruncate,unlink,fsync,fdatasync,write,writev,sendto,sendmsg \
    "$straight" --smtp-url "smtp://127.0.0.1:$port" send >sent.txt
grep -q "Sent to $count of $count readers" sent.txt
python3 "$judge" before.db trace.txt "$count"

# That the judge can say no: the same trace without its later syncs.
awk '!/f(data)?sync/ || ++seen <= 40' trace.txt >unsynced.txt
if python3 "$judge" before.db unsynced.txt "$count" >/dev/null 2>verdict.txt; then
    echo "the judge does not miss an fsync" >&2
    exit 1
fi
grep -q 'left while the disk had' verdict.txt
