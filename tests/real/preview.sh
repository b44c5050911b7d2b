#!/usr/bin/env bash
# Drives `straight preview` in a real headless Chromium: a save is seen soon, with a photograph in the day too, an error
# comes with its place and goes, every view and switch works, a reader is chosen, axe finds nothing. STRAIGHT names
# another binary than the release build, PREVIEW_BAR other milliseconds than 200 from save to screen (for a debug build).
set -euo pipefail
cd "$(dirname "$0")/../.."
root=$PWD straight=${STRAIGHT:-$PWD/target/release/straight}
# shellcheck source=tests/real/checker.sh
source tests/real/checker.sh
install_checker
folder=$(mktemp -d)
preview=
trap '[ -z "$preview" ] || kill "$preview" 2>/dev/null || true; wait; rm -rf "$folder"' EXIT

# A day of ten articles, with readers who have had an edition before.
mkdir "$folder/articles"
cd "$folder"
printf 'schedule: {at: "07:00", timezone: UTC, days: [mon..sun]}\narticles: {settle: 0s}\n' >newsletter.yaml
printf -- '---\ntitle: What went out before\ndate: 2025-11-04\n---\nIt is an old story.\n' >articles/old.md
"$straight" send >sent.txt 2>&1 || { cat sent.txt; exit 1; }
body=$(printf 'The tide comes in twice a day, and [the harbour](https://harbour.example/%s) keeps its table. %.0s\n\n' {1..12})
for number in 0 1 2 3 4 5 6 7 8 9; do
    printf -- '---\ntitle: Story %s of the day\ndate: %s\nsummary: What story %s says in a sentence that is not too short.\nhighlights: [One thing, Another thing]\n---\n%s\n' \
        "$number" "$(date -u +%F)" "$number" "$body" >"articles/story-$number.md"
done

"$straight" preview --listen 127.0.0.1:0 >out.txt 2>err.txt &
preview=$!
for _ in $(seq 100); do
    grep -qs http: out.txt && break
    sleep 0.1
done
url=$(grep -o 'http://[^ ]*' out.txt) || { cat out.txt err.txt; exit 1; }
before=$(sha256sum data/straight.db)
node "$root/tests/real/preview.mjs" "$checker" "$url" "$folder/articles" "${PREVIEW_SHOTS:-}"
[ "$before" = "$(sha256sum data/straight.db)" ] || { echo "the preview wrote into the database"; exit 1; }
[ ! -e data/pictures ] || { echo "the preview wrote pictures into the data folder"; exit 1; }
kill -TERM "$preview"
wait "$preview"
preview=
if grep -q '@' err.txt; then echo "an address is in the log"; cat err.txt; exit 1; fi
