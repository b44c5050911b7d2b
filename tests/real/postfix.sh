#!/usr/bin/env bash
# A send to a real Postfix over STARTTLS with a certificate of its own: every message lies in the mailbox, whole.
set -euo pipefail
cd "$(dirname "$0")/../.."
root=$PWD straight=$PWD/target/release/straight
folder=$(mktemp -d)
port=$((20000 + RANDOM % 20000))
trap '"$root/tests/real/postfix_server.sh" stop "$folder/postfix" >/dev/null 2>&1 || true; rm -rf "$folder"' EXIT
chmod 755 "$folder"
"$root/tests/real/postfix_server.sh" start "$folder/postfix" "$port"
cp -r articles "$folder"
cd "$folder"
cat >newsletter.yaml <<YAML
smtp:
  url: smtp://127.0.0.1:$port
  tls: starttls
  ca_file: postfix/ca.pem
YAML
{ echo email,name; for n in $(seq 25); do echo "reader$n@example.org,Réader “$n”"; done; } >readers.csv
"$straight" subscribers import readers.csv
"$straight" send | tee sent.txt
grep -q 'Sent to 25 of 25 readers' sent.txt
for _ in $(seq 100); do
    test "$(find postfix/mail/all/new -type f 2>/dev/null | wc -l)" -lt 25 || break
    sleep 0.2
done
python3 - <<'PY'
import email, email.policy, glob
seen = set()
for name in glob.glob("postfix/mail/all/new/*"):
    with open(name, "rb") as file:
        message = email.message_from_binary_file(file, policy=email.policy.default)
    assert not message.defects, (name, message.defects)
    assert "using TLSv1.3" in str(message["Received"]), message["Received"]
    assert message["To"].addresses[0].display_name.startswith("Réader"), message["To"]
    seen.add(message["Delivered-To"])
assert len(seen) == 25, len(seen)
print("Postfix: 25 messages over TLS 1.3, each once, none with a defect")
PY
# A certificate that nobody vouches for: no message, and the reason in words.
sed -i '/ca_file/d' newsletter.yaml
rm -rf data
"$straight" subscribers import readers.csv >/dev/null
if "$straight" send >refused.txt 2>&1; then cat refused.txt; exit 1; fi
grep -qi 'certificate' refused.txt
