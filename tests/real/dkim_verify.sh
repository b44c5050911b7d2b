#!/usr/bin/env bash
# dkim_verify.sh RECORDS COUNT MESSAGE…: each message has COUNT signatures, and all hold for dkimpy and, those with RSA,
# for Perl's Mail::DKIM; with a header or the body changed, none does. DNS is the zone file RECORDS.
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
