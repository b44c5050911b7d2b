#!/usr/bin/env bash
# dkim_verify.sh RECORDS COUNT MESSAGE…: each message has COUNT signatures, and all hold for dkimpy, for OpenDKIM and,
# those with RSA, for Perl's Mail::DKIM; with a header or the body changed, none does. DNS is the zone file RECORDS.
set -euo pipefail
/usr/bin/python3 - "$@" <<'PY'
import re, sys
import dkim

zone = open(sys.argv[1]).read()
dns = {
    (name + ".").encode(): "".join(re.findall(r'"([^"]*)"', value)).encode()
    for name, value in re.findall(r'^(\S+)\. IN TXT ((?:"[^"]*")|\([^)]*\))', zone, re.M)
}
count = int(sys.argv[2])

def results(message):
    found = dkim.DKIM(message)
    signatures = sum(name.lower() == b"dkim-signature" for name, _ in found.headers)
    good = []
    for at in range(signatures):
        try:
            good.append(dkim.DKIM(message).verify(idx=at, dnsfunc=lambda name, timeout=5: dns.get(name)))
        except dkim.DKIMException:
            good.append(False)
    return good

algorithms = set()
changes = 0
for path in sys.argv[3:]:
    with open(path, "rb") as file:
        message = re.sub(rb"\r?\n", b"\r\n", file.read())
    assert results(message) == [True] * count, (path, results(message))
    algorithms |= set(re.findall(rb"a=((?:rsa|ed25519)-sha256)", message))
    head, body = message.split(b"\r\n\r\n", 1)
    for changed in (
        re.sub(rb"\nSubject: ", b"\nSubject: Re: ", head) + b"\r\n\r\n" + body,
        b"From: mallory@example.net\r\n" + message,
        b"List-Unsubscribe: <https://example.net/>\r\n" + message,
        re.sub(rb"\nDate: ", b"\nDate: 1", head) + b"\r\n\r\n" + body,
        message + b"More.\r\n",
        head + b"\r\n\r\n" + body.replace(b"e", b"a", 1),
    ):
        assert changed != message
        assert results(changed) == [False] * count, (path, results(changed))
        changes += 1
assert algorithms == {b"rsa-sha256", b"ed25519-sha256"}, algorithms
print(f"dkimpy: {len(sys.argv) - 3} messages, {count} signatures each, all hold; {changes} changed copies, all fail")
PY
perl - "$@" <<'PERL'
use strict;
use warnings;
use Mail::DKIM::Verifier;
use Net::DNS::ZoneFile;

my ($records, $count, @paths) = @ARGV;
my %dns = map { (lc $_->name => $_) } Net::DNS::ZoneFile->new($records)->read;
no warnings 'redefine';
*Mail::DKIM::DNS::query_async = sub {
    my ($name, $type, %more) = @_;
    my @found = grep { defined } $dns{lc $name};
    return sub { $more{Callbacks}{Success}->(@found) };
};

sub results {
    my $verifier = Mail::DKIM::Verifier->new;
    $verifier->PRINT($_[0]);
    $verifier->CLOSE;
    return map { $_->algorithm . "=" . $_->result } $verifier->signatures;
}

my ($good, $bad) = (0, 0);
for my $path (@paths) {
    open my $file, '<:raw', $path or die "$path: $!";
    my $message = do { local $/; <$file> };
    $message =~ s/\r?\n/\r\n/g;
    # This version knows no Ed25519, and must not mind it.
    my @results = results($message);
    my @rsa = grep { /^rsa-/ } @results;
    die "$path: @results" unless @results == $count && @rsa && !grep { $_ ne 'rsa-sha256=pass' } @rsa;
    $good += @rsa;
    (my $header = $message) =~ s/\nSubject: /\nSubject: Re: /;
    for my $changed ($header, "From: mallory\@example.net\r\n$message", "${message}More.\r\n") {
        my @changed = grep { /^rsa-/ } results($changed);
        die "$path: @changed" if @changed != @rsa || grep { $_ ne 'rsa-sha256=fail' } @changed;
        $bad += @changed;
    }
}
print "Mail::DKIM: ", scalar @paths, " messages, $good RSA signatures hold; $bad of changed copies fail\n";
PERL
/usr/bin/python3 - "$@" <<'PY'
import collections, os, re, subprocess, sys, tempfile

zone = open(sys.argv[1]).read()
count = int(sys.argv[2])
os.environ["PATH"] += ":/usr/sbin"
folder = tempfile.TemporaryDirectory()
place = lambda name: os.path.join(folder.name, name)
with open(place("keys"), "w") as keys:
    for name, value in re.findall(r'^(\S+)\. IN TXT ((?:"[^"]*")|\([^)]*\))', zone, re.M):
        keys.write(f"{name} {''.join(re.findall(chr(34) + '([^' + chr(34) + ']*)' + chr(34), value))}\n")
with open(place("conf"), "w") as conf:
    conf.write(f"Mode v\nSyslog no\nTestPublicKeys {place('keys')}\n")

def verdict(fields, body):
    with open(place("message"), "wb") as file:
        file.write(b"\n".join(fields) + b"\n\n" + body)
    told = subprocess.run(["opendkim", "-x", place("conf"), "-t", place("message")], capture_output=True, text=True)
    words = told.stdout + told.stderr
    assert ("succeeded" in words) != ("failed" in words), words
    return "succeeded" in words

good, bad = collections.Counter(), 0
for path in sys.argv[3:]:
    with open(path, "rb") as file:
        head, body = file.read().replace(b"\r\n", b"\n").split(b"\n\n", 1)
    fields = re.split(rb"\n(?![ \t])", head)
    others = [field for field in fields if not field.lower().startswith(b"dkim-signature:")]
    signatures = [field for field in fields if field.lower().startswith(b"dkim-signature:")]
    assert len(signatures) == count, path
    # It stops at the first that holds: each one for itself.
    for signature in signatures:
        assert verdict([signature, *others], body), path
        good[re.search(rb"a=([a-z0-9-]+)", signature)[1].decode()] += 1
        renamed = [re.sub(rb"^Subject: ", b"Subject: Re: ", field) for field in others]
        assert renamed != others
        for changed in (renamed, body), ([b"From: mallory@example.net", *others], body), (others, body + b"More.\n"):
            assert not verdict([signature, *changed[0]], changed[1]), path
            bad += 1
assert set(good) == {"rsa-sha256", "ed25519-sha256"}, good
print(f"OpenDKIM: {len(sys.argv) - 3} messages, {dict(good)} signatures hold; {bad} of changed copies fail")
PY
