#!/usr/bin/env bash
# Two processes, one PostgreSQL, smtp-sink, 5,000 readers. What the server accepted is compared with the ledger: started
# at once, they make one edition and each reader has one copy; when one of them is killed in the middle the other
# finishes; when PostgreSQL is killed and started again, both go on; when one is halted for longer than its lease and goes on, there are no more copies than uncertain attempts
# on record account for.
set -euo pipefail
cd "$(dirname "$0")/../.."
straight=$PWD/target/release/straight
[ -x "$straight" ] || straight=$PWD/target/debug/straight
# shellcheck source=tests/real/postgres_server.sh
source tests/real/postgres_server.sh
folder=$(mktemp -d)
port=$((20000 + RANDOM % 20000))
trap 'kill "${sink:-}" 2>/dev/null || true; stop_postgres; rm -rf "$folder"' EXIT
start_postgres
cd "$folder"
chmod 777 "$folder"
count=5000
{ echo email; seq -f 'reader%g@example.org' "$count"; } >readers.csv
mkdir articles
today=$(TZ=America/New_York date +%F)
printf -- '---\ntitle: The Tide Turns\ndate: %s\nsummary: What the tide does.\nhighlights: [It turns]\n---\nThe story.\n' \
    "$today" >articles/tide.md
touch -d '1 minute ago' articles/tide.md
printf 'articles: {folder: articles}\nsmtp: {url: "smtp://127.0.0.1:%s"}\n' "$port" >newsletter.yaml

# A database and a sink of its own for each round.
begin() {
    psql -q "$postgres_url" -c "CREATE DATABASE $1"
    export DATABASE_URL=${postgres_url%/*}/$1
    rm -rf sunk
    mkdir -m 777 sunk
    smtp-sink -u nobody -d sunk/%s. "127.0.0.1:$port" 100 2>sink.log &
    sink=$!
    sleep 0.5
    "$straight" --data data-0 subscribers import readers.csv >/dev/null
}

ask() { psql -qAt "$DATABASE_URL" -c "$1"; }

# Waits until the sink has this many messages.
sunk() {
    for _ in $(seq 3000); do
        test "$(find sunk -type f | wc -l)" -lt "$1" || return 0
        sleep 0.02
    done
    echo "only $(find sunk -type f | wc -l) messages came" >&2
    return 1
}

# Compares the sink with the ledger.
judge() {
    sleep 0.5
    kill "$sink"
    wait "$sink" 2>/dev/null || true
    cat sunk/* >all
    local readers copies uncertain
    readers=$(grep '^X-Rcpt-Args: ' all | sort -u | wc -l)
    copies=$(grep -c '^X-Rcpt-Args: ' all)
    uncertain=$(ask "SELECT COUNT(*) FROM attempts WHERE outcome = 'uncertain'")
    echo "$1: $readers of $count readers, $((copies - count)) doubles, $uncertain uncertain on record"
    test "$(ask 'SELECT COUNT(*) FROM editions')" = 1
    test "$(ask "SELECT COUNT(*) FROM deliveries WHERE state = 'sent'")" = "$count"
    test "$readers" = "$count"
    test "$((copies - count))" -le "$uncertain"
    test "$((copies - count))" -le 4 # one a connection
    test "$uncertain" -le "$2"
}

begin at_once
"$straight" --data data-1 send >first.txt 2>&1 &
first=$!
"$straight" --data data-2 send >second.txt 2>&1 &
second=$!
sunk 200
nodes=0
for _ in $(seq 100); do
    nodes=$(ask 'SELECT COUNT(DISTINCT owner) FROM deliveries')
    test "$nodes" -lt 2 || break
done
test "$nodes" = 2 # both have a part in it
wait "$first"
wait "$second"
grep -q "Sent to $count of $count readers" first.txt
grep -q "Sent to $count of $count readers" second.txt
judge "two sends at once" 0

begin restarted
"$straight" --data data-1 send >first.txt 2>&1 &
first=$!
"$straight" --data data-2 send >second.txt 2>&1 &
second=$!
sunk 1000
as_postgres "$postgres_pg_ctl" -D "$postgres_folder/data" -m immediate -w stop >/dev/null
sleep 2
as_postgres "$postgres_pg_ctl" -D "$postgres_folder/data" -w -l "$postgres_folder/log" \
    -o "-p $postgres_port -h 127.0.0.1 -k $postgres_folder" start >/dev/null
wait "$first"
wait "$second"
judge "PostgreSQL killed in the middle, and started again" 0

begin killed
"$straight" --data data-1 send >first.txt 2>&1 &
first=$!
"$straight" --data data-2 send >second.txt 2>&1 &
second=$!
sunk 1000
kill -9 "$first"
wait "$first" 2>/dev/null || true
wait "$second"
grep -q "Sent to $count of $count readers" second.txt
judge "one killed in the middle" 8 # two a connection

begin daemons
printf 'web: {listen: off}\nschedule: {cron: "0 0 * * *"}\n' >>newsletter.yaml
"$straight" --data data-1 run >daemon.txt 2>&1 &
daemon=$!
sleep 1
"$straight" --data data-2 send >first.txt 2>&1 &
first=$!
sunk 500
kill -STOP "$first"
sleep 40 # longer than a lease
kill -CONT "$first"
wait "$first" || true
for _ in $(seq 600); do
    test "$(ask "SELECT COUNT(*) FROM deliveries WHERE state IN ('queued', 'sending')")" != 0 || break
    sleep 0.1
done
kill -TERM "$daemon"
wait "$daemon"
judge "one halted for longer than its lease beside a daemon" 8

printf 'delivery: {uncertain: hold}\n' >>newsletter.yaml
begin held
"$straight" --data data-1 run >daemon.txt 2>&1 &
daemon=$!
sleep 1
"$straight" --data data-2 send >first.txt 2>&1 &
first=$!
sunk 500
kill -STOP "$first"
sleep 40
uncertain=$(ask "SELECT COUNT(*) FROM deliveries WHERE state = 'uncertain'")
kill -CONT "$first"
wait "$first" || true
for _ in $(seq 600); do
    test "$(ask "SELECT COUNT(*) FROM deliveries WHERE state <> 'sent'")" != 0 || break
    sleep 0.1
done
kill -TERM "$daemon"
wait "$daemon"
judge "the same under hold ($uncertain were uncertain until their late answer)" 8
test "$(grep -c '^X-Rcpt-Args: ' all)" = "$count" # nobody ever gets two
