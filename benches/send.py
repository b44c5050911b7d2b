"""The send: `straight send` into smtp-sink, beside smtp-source in the same repetition, alternating."""

import argparse
import pathlib
import shlex
import shutil
import sys
from typing import NamedTuple

from measure import (Newsroom, STRAIGHT, Sink, Use, cores, machine, median, run, smtp_sink, table,
                     write_section)  # fmt: skip

GOALS = {"none": "≥ 1.10", "ed25519": "≥ 1.10", "both": "≥ 0.60"}
NAMES = {"none": "Unsigned", "ed25519": "Signed with Ed25519", "both": "Signed with RSA-2048 and Ed25519"}

def arguments():
    parser = argparse.ArgumentParser(prog="benches/send.sh", description=__doc__)
    parser.add_argument("--messages", type=int, default=10_000, help="readers, each of whom gets one mail")
    parser.add_argument("--repetitions", type=int, default=3, help="how many count (7 for a figure to be quoted)")
    parser.add_argument("--connections", type=int, nargs="+", default=[4, 16])
    parser.add_argument("--paragraphs", type=int, default=21, help="length of the article; the default gives about 40 KB")
    parser.add_argument("--signed", choices=GOALS, default="none", help="with which DKIM keys")
    parser.add_argument("--distance", type=float, metavar="MS", help="in place of smtp-sink a server of this round trip")
    parser.add_argument("--cores", type=float, default=1.8, help="repetitions on a machine that gives less are dropped")
    parser.add_argument("--page", metavar="SECTION", help="write the result to docs/performance.md, under this name")
    return parser.parse_args()


def source(port, connections, size, messages):
    return run(
        "smtp-source", "-d", "-s", connections, "-l", size, "-m", messages,
        "-f", "daily@example.com", "-t", "reader@example.org", f"127.0.0.1:{port}",
    )  # fmt: skip


def keys(newsroom, signed):
    """Makes the keys of a variant; the lines that `straight` prints for its configuration."""
    if signed == "none":
        return ""
    made = newsroom.straight("dkim", "keygen", "--domain", "example.com", "--algorithm", signed).output
    lines = [line.strip() for line in made.splitlines() if line.strip().startswith("- {domain: ")]
    if len(lines) != (2 if signed == "both" else 1):
        sys.exit("straight dkim keygen does not print the lines of the configuration")
    return "dkim:\n  keys:\n" + "".join(f"    {line}\n" for line in lines)


def send(newsroom, port, messages, connections, dkim=""):
    newsroom.again()
    (newsroom.folder / "newsletter.yaml").write_text(
        "schedule:\n  timezone: UTC\n"
        f"smtp:\n  url: smtp://127.0.0.1:{port}\n  connections: {connections}\n{dkim}"
    )
    use = newsroom.straight("send")
    if f"Sent to {messages} of {messages} readers" not in use.output:
        sys.exit(f"not everything was sent:\n{use.output}")
    return use


class Sent(NamedTuple):
    """One send of all messages, and what it cost the server."""

    use: Use
    server_cpu: float


def into(sink, sender):
    before = sink.cpu()
    use = sender()
    return Sent(use, sink.cpu() - before)


def measured(newsroom, connections, size, options, dkim):
    """The repetitions that count: the ratio, ours and theirs."""
    kept, dropped = [], 0
    while len(kept) < options.repetitions and dropped < 3 * options.repetitions:
        before = cores()
        with smtp_sink() as sink:
            pair = [
                lambda: into(sink, lambda: source(sink.port, connections, size, options.messages)),
                lambda: into(sink, lambda: send(newsroom, sink.port, options.messages, connections, dkim)),
            ]
            # Who goes first alternates.
            if len(kept) % 2:
                ours, theirs = pair[1](), pair[0]()
            else:
                theirs, ours = pair[0](), pair[1]()
        given = min(before, cores())
        ratio = theirs.use.seconds / ours.use.seconds
        counts = given >= options.cores
        print(
            f"  {connections} connections: {ratio:.2f} × smtp-source, {options.messages / ours.use.seconds:.0f} against "
            f"{options.messages / theirs.use.seconds:.0f} msg/s, {ours.use.cpu / options.messages * 1e6:.0f} µs CPU, "
            f"the server's {ours.server_cpu / options.messages * 1e6:.0f} against "
            f"{theirs.server_cpu / options.messages * 1e6:.0f}, {ours.use.rss_mb:.0f} MB, {given:.2f} cores{'' if counts else ': dropped'}",
            flush=True,
        )
        if counts:
            kept.append((ratio, ours, theirs))
        else:
            dropped += 1
    return kept, dropped


def from_afar(newsroom, size, options, dkim):
    """Messages a second of one connection to a server that is a round trip away."""
    sink = [sys.executable, pathlib.Path(__file__).parent / "delaying_sink.py", "{port}", options.distance]
    rates = []
    for _ in range(options.repetitions):
        with Sink(*sink) as server:
            use = send(newsroom, server.port, options.messages, 1, dkim)
        rates.append(options.messages / use.seconds)
        print(f"  {rates[-1]:.1f} msg/s", flush=True)
    bound = 1000 / options.distance
    rows = [[f"{median(rates):.1f}", "≥ 45" if options.distance == 20 else "–", f"{bound:.0f}", len(rates)]]
    head = ["msg/s of one connection", "goal", "one message a round trip would be", "repetitions"]
    return (
        f"{NAMES[options.signed]}, {options.messages} mails of {size / 1024:.0f} KB over one connection to "
        f"`benches/delaying_sink.py`, a server with PIPELINING that hears and answers everything {options.distance:g} ms "
        f"late; start, publishing and exit included.\n\n{table(head, rows)}"
    )


def micros(seconds, messages):
    """The median of some runs, a message, in microseconds."""
    return f"{median(seconds) / messages * 1e6:.0f}"


def beside_smtp_source(newsroom, size, options, dkim):
    rows = []
    for connections in options.connections:
        kept, dropped = measured(newsroom, connections, size, options, dkim)
        if not kept:
            print(f"  {connections} connections: no repetition had {options.cores} cores")
            continue
        ratios, ours, theirs = zip(*kept)
        rows.append([
            connections,
            f"{median(ratios):.2f} ({min(ratios):.2f}–{max(ratios):.2f})",
            GOALS[options.signed],
            f"{median([options.messages / sent.use.seconds for sent in ours]):.0f}",
            f"{median([options.messages / sent.use.seconds for sent in theirs]):.0f}",
            micros([sent.use.cpu for sent in ours], options.messages),
            "≤ 100" if options.signed == "none" else "–",
            "{} ({})".format(*(micros([sent.server_cpu for sent in side], options.messages) for side in (ours, theirs))),
            f"{median([(sent.use.cpu + sent.server_cpu) / sent.use.seconds for sent in ours]):.2f}",
            f"{max(sent.use.rss_mb for sent in ours):.0f}",
            "≤ 48",
            f"{len(kept)} ({dropped} dropped)",
        ])  # fmt: skip
    if not rows:
        sys.exit("no repetition counts: try again when the machine is free, or give --cores")
    head = ["connections", "× smtp-source", "goal", "msg/s", "smtp-source msg/s", "client CPU µs/msg", "goal",
            "server's (from smtp-source)", "cores in use", "peak RSS MB", "goal", "repetitions"]  # fmt: skip
    return (
        f"{NAMES[options.signed]}, {options.messages} personal mails of {size / 1024:.0f} KB into Postfix's `smtp-sink`, "
        f"which takes one of the cores; the ledger durable (`synchronous=FULL`); start, publishing and exit of the process "
        f"included. {machine()}; repetitions with less than {options.cores} cores in the calibration loop are dropped.\n\n"
        f"{table(head, rows)}"
    )


def main():
    options = arguments()
    with Newsroom(options.paragraphs) as newsroom:
        newsroom.readers(1)
        size = newsroom.mail_size()
        shutil.rmtree(newsroom.folder / "data")
        newsroom.readers(options.messages)
        newsroom.keep()
        dkim = keys(newsroom, options.signed)
        print(f"{options.messages} mails of {size} octets", flush=True)
        measure = from_afar if options.distance else beside_smtp_source
        text = measure(newsroom, size, options, dkim)
    print("\n" + text)
    if options.page:
        command = shlex.join(["benches/send.sh", *sys.argv[1:]])
        write_section(f"send {options.page}", f"## The send: {options.page}\n\n`{command}`\n\n{text}")


if __name__ == "__main__":
    if not STRAIGHT.exists():
        sys.exit(f"{STRAIGHT} is not there: cargo build --release")
    main()
