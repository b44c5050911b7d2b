#!/usr/bin/env bash
# A real Postfix for tests: postfix_server.sh start|stop FOLDER PORT
# Listens on loopback, offers STARTTLS with a certificate of its own (FOLDER/ca.pem), and delivers every address of
# example.com, example.net, example.org and example.edu into the Maildir FOLDER/mail/all/.
set -euo pipefail

action=$1 folder=$(realpath -m "$2") port=${3:-2525}

if [ "$action" = stop ]; then
    postfix -c "$folder/etc" stop
    exit
fi

mkdir -p "$folder"/{etc,queue,data,mail}
chmod 755 "$folder" "$folder"/{etc,queue,mail}
# An authority of our own, and a certificate of it.
(
    cd "$folder"
    openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj "/CN=Test authority" -keyout ca.key -out ca.pem
    openssl req -newkey rsa:2048 -nodes -subj /CN=localhost -keyout key.pem -out request.pem
    printf 'subjectAltName=DNS:localhost,IP:127.0.0.1\nbasicConstraints=CA:FALSE\n' >names.cnf
    openssl x509 -req -in request.pem -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile names.cnf -out cert.pem
) 2>/dev/null
chown postfix "$folder/data"
chown nobody "$folder/mail"

cat >"$folder/etc/main.cf" <<CF
compatibility_level = 3.6
queue_directory = $folder/queue
data_directory = $folder/data
maillog_file = $folder/mail.log
maillog_file_prefixes = $folder
mail_owner = postfix
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = localhost
mydestination =
alias_maps =
mynetworks = 127.0.0.0/8
smtpd_relay_restrictions = permit_mynetworks, reject
smtpd_peername_lookup = no
virtual_mailbox_domains = example.com, example.net, example.org, example.edu
virtual_mailbox_base = $folder/mail
virtual_mailbox_maps = static:all/
virtual_uid_maps = static:$(id -u nobody)
virtual_gid_maps = static:$(id -g nobody)
virtual_minimum_uid = 100
smtpd_tls_cert_file = $folder/cert.pem
smtpd_tls_key_file = $folder/key.pem
smtpd_tls_security_level = may
smtpd_tls_received_header = yes
smtpd_tls_session_cache_database =
smtp_tls_session_cache_database =
CF

echo "127.0.0.1:$port inet n - n - - smtpd" >"$folder/etc/master.cf"
echo "virtual unix - n n - - virtual" >>"$folder/etc/master.cf" # delivers as another user
while read -r name type private wakeup limit command; do
    printf '%s %s %s - n %s %s %s\n' "$name" "$type" "$private" "$wakeup" "$limit" "$command" >>"$folder/etc/master.cf"
done <<'SERVICES'
pickup unix n 60 1 pickup
cleanup unix n - 0 cleanup
qmgr unix n 300 1 qmgr
tlsmgr unix - 1000? 1 tlsmgr
rewrite unix - - - trivial-rewrite
bounce unix - - 0 bounce
defer unix - - 0 bounce
trace unix - - 0 bounce
verify unix - - 1 verify
flush unix n 1000? 0 flush
proxymap unix - - - proxymap
smtp unix - - - smtp
relay unix - - - smtp
showq unix n - - showq
error unix - - - error
retry unix - - - error
discard unix - - - discard
anvil unix - - 1 anvil
scache unix - - 1 scache
postlog unix-dgram n - 1 postlogd
SERVICES

touch "$folder/etc/aliases"
postfix -c "$folder/etc" start
for _ in $(seq 50); do
    if (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then exit 0; fi
    sleep 0.2
done
echo "Postfix does not listen on port $port:" >&2
tail -20 "$folder/mail.log" >&2
exit 1
