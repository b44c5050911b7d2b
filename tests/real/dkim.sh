#!/usr/bin/env bash
# Signed mail as others see it: dkimpy, OpenDKIM and Perl's Mail::DKIM verify what lies in the outbox, what a real Postfix
# delivered, and a letter; whatever is changed on the way fails.
set -euo pipefail
cd "$(dirname "$0")/../.."
root=$PWD straight=${BINARY:-$PWD/target/release/straight}
/usr/bin/python3 -c 'import dkim, nacl' 2>/dev/null && perl -MMail::DKIM -e 1 2>/dev/null &&
    PATH=$PATH:/usr/sbin command -v opendkim >/dev/null || {
    apt-get update -q >/dev/null
    DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends \
        python3-dkim python3-nacl libmail-dkim-perl opendkim >/tmp/straight-apt.log 2>&1 || { tail -20 /tmp/straight-apt.log; exit 1; }
}
folder=$(mktemp -d)
port=$((20000 + RANDOM % 20000))
trap '"$root/tests/real/postfix_server.sh" stop "$folder/postfix" >/dev/null 2>&1 || true; rm -rf "$folder"' EXIT
chmod 755 "$folder"
cp -r articles "$folder"
find "$folder/articles" -type f -exec touch -d "1 hour ago" {} +
cd "$folder"

"$straight" dkim keygen --domain example.com --selector s2026 >told.txt
test "$(stat -c %a dkim/*.pem | sort -u)" = 600
# A third key of OpenSSL's, in PKCS#1, for a domain beneath.
openssl genrsa -traditional -out old.pem 4096 2>/dev/null
{
    echo "publication: {from: Rare Earth Daily <daily@example.com>, editors: [desk@example.net]}"
    sed -n '/^dkim:/,$p' told.txt
    echo "    - o2020._domainkey.mail.example.com=old.pem"
} >newsletter.yaml
"$straight" dkim records >records.txt
{ echo email,name; for n in $(seq 20); do echo "reader$n@example.org,Réader “$n”"; done; } >readers.csv
"$straight" subscribers import readers.csv >/dev/null

"$straight" send | tail -1
"$root/tests/real/dkim_verify.sh" records.txt 3 outbox/new/*

# Through Postfix.
"$root/tests/real/postfix_server.sh" start "$folder/postfix" "$port"
echo "smtp: {url: 'smtp://127.0.0.1:$port'}" >>newsletter.yaml
rm -rf data
"$straight" subscribers import readers.csv >/dev/null
"$straight" send | tail -1
for _ in $(seq 100); do
    test "$(find postfix/mail/all/new -type f 2>/dev/null | wc -l)" -lt 20 || break
    sleep 0.2
done
test "$(find postfix/mail/all/new -type f | wc -l)" = 20
grep -q '(Postfix)' postfix/mail/all/new/*
"$root/tests/real/dkim_verify.sh" records.txt 3 postfix/mail/all/new/*

# A letter: the editors are told of a broken article.
rm -rf data postfix/mail/all/new/*
printf -- '---\ntittle: Oops\ndate: %s\n---\nText.\n' "$(TZ=America/New_York date +%F)" >articles/broken.md
touch -d '1 hour ago' articles/broken.md
"$straight" subscribers import readers.csv >/dev/null
"$straight" send >/dev/null 2>&1 || true
rm articles/broken.md
"$straight" send | tail -1
for _ in $(seq 100); do
    test "$(find postfix/mail/all/new -type f 2>/dev/null | wc -l)" -lt 21 || break
    sleep 0.2
done
letter=$(grep -l '^To: .*desk@example.net' postfix/mail/all/new/*)
"$root/tests/real/dkim_verify.sh" records.txt 3 "$letter"
