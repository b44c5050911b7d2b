#!/usr/bin/env bash
# The README's first command on a clean clone: everything on embedded defaults, then once more.
set -euo pipefail
cd "$(dirname "$0")/../.."
straight=$PWD/target/release/straight
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
git archive HEAD | tar -x -C "$folder"
cd "$folder"

"$straight" send | tee first.txt
grep -q 'Sent to' first.txt
test -s outbox/index.html
active=$(ls outbox/new | wc -l)
test "$active" -ge 3

"$straight" send | tee second.txt
grep -q 'gone out already' second.txt
test "$(ls outbox/new | wc -l)" = "$active"

python3 - <<'PY'
import email, email.policy, glob
files = glob.glob("outbox/new/*.eml")
for name in files:
    with open(name, "rb") as file:
        message = email.message_from_binary_file(file, policy=email.policy.default)
    assert not message.defects, (name, message.defects)
    for part in message.walk():
        assert not part.defects, (name, part.get_content_type(), part.defects)
        for header, value in part.items():
            assert not getattr(value, "defects", ()), (name, header, value.defects)
    plain = message.get_body(("plain",)).get_content()
    html = message.get_body(("html",)).get_content()
    link = message["List-Unsubscribe"].split("<")[1].split(">")[0]
    assert link in plain and link in html, name
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click", name
print(f"{len(files)} messages without a defect")
PY

"$straight" check
"$straight" render --date 2025-11-03 --out rendered
test -s rendered/body.html
