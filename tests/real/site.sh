#!/usr/bin/env bash
# The public pages in a real browser: from signing up to leaving, each page held against axe and html-validate in light and
# dark, and every address fetched three times without a change in the database. BINARY names another build.
set -euo pipefail
cd "$(dirname "$0")/../.."
root=$PWD straight=${BINARY:-$PWD/target/release/straight}
# shellcheck source=tests/real/checker.sh
source tests/real/checker.sh
install_checker
folder=$(mktemp -d)
port=$((20000 + RANDOM % 20000))
running=
trap 'kill "$running" 2>/dev/null || true; rm -rf "$folder"' EXIT
cp -r articles "$folder"
cd "$folder"
cat >newsletter.yaml <<YAML
publication: {public_url: "http://127.0.0.1:$port", editors: [desk@example.org]}
web: {listen: "127.0.0.1:$port", allowed_origins: ["http://localhost:$port"]}
sign_up: {goodbye_letter: true, limits: {per_network: 99/h, per_address: 99/h}}
articles: {settle: 0s}
# Nothing is due by itself while the flows run.
schedule: {cron: "0 0 29 2 *"}
YAML
"$straight" run >run.log 2>&1 &
running=$!
for _ in $(seq 100); do
    "$straight" healthcheck >/dev/null 2>&1 && break
    sleep 0.2
done
node "$root/tests/real/site.mjs" "$checker" "$straight" "http://127.0.0.1:$port" "${SCREENSHOTS:-}" || { tail -20 run.log; exit 1; }
kill -TERM "$running"
wait "$running"
if grep -E '[a-z]+@example\.org|/(confirm|unsubscribe|preferences|address|moderate)/[0-9]' run.log; then
    echo "the log has an address or a token" >&2
    exit 1
fi
