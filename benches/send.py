"""The send: `straight send` into smtp-sink, beside smtp-source in the same repetition, alternating."""

import argparse
import sys

from measure import Newsroom, STRAIGHT, cores, machine, median, run, smtp_sink, table, write_section

GOALS = {4: 1.10, 16: 1.10}


def arguments():
    parser = argparse.ArgumentParser(prog="benches/send.sh", description=__doc__)
    parser.add_argument("--messages", type=int, default=10_000, help="readers, each of whom gets one mail")
    parser.add_argument("--repetitions", type=int, default=3, help="how many count (7 for a figure to be quoted)")
    parser.add_argument("--connections", type=int, nargs="+", default=[4, 16])
    parser.add_argument("--paragraphs", type=int, default=21, help="length of the article; the default gives about 40 KB")
    parser.add_argument("--cores", type=float, default=1.8, help="repetitions on a machine that gives less are dropped")
    parser.add_argument("--page", metavar="SECTION", help="write the result to docs/performance.md")
    return parser.parse_args()


def source(port, connections, size, messages):
    return run(
        "smtp-source", "-d", "-s", connections, "-l", size, "-m", messages,
        "-f", "daily@example.com", "-t", "reader@example.org", f"127.0.0.1:{port}",
    )  # fmt: skip


def send(newsroom, port, messages, connections):
    newsroom.again()
    (newsroom.folder / "newsletter.yaml").write_text(
        "schedule:\n  timezone: UTC\n"
        f"smtp:\n  url: smtp://127.0.0.1:{port}\n  connections: {connections}\n"
    )
    use = newsroom.straight("send")
    if f"Sent to {messages} of {messages} readers" not in use.output:
        sys.exit(f"not everything was sent:\n{use.output}")
    return use


def measured(newsroom, connections, size, options):
    """The repetitions that count, each with the cores there were, ours and theirs."""
    kept, dropped = [], 0
    while len(kept) < options.repetitions and dropped < 3 * options.repetitions:
        before = cores()
        with smtp_sink() as sink:
            pair = [
                lambda: source(sink.port, connections, size, options.messages),
                lambda: send(newsroom, sink.port, options.messages, connections),
            ]
            # Who goes first alternates.
            if len(kept) % 2:
                ours, theirs = pair[1](), pair[0]()
            else:
                theirs, ours = pair[0](), pair[1]()
        given = min(before, cores())
        ratio = theirs.seconds / ours.seconds
        counts = given >= options.cores
        print(
            f"  {connections} connections: {ratio:.2f} × smtp-source, {options.messages / ours.seconds:.0f} against "
            f"{options.messages / theirs.seconds:.0f} msg/s, {ours.cpu / options.messages * 1e6:.0f} µs CPU, "
            f"{ours.rss_mb:.0f} MB, {given:.2f} cores{'' if counts else ': dropped'}",
            flush=True,
        )
        if counts:
            kept.append((ratio, ours, theirs))
        else:
            dropped += 1
    return kept, dropped


def main():
    options = arguments()
    with Newsroom(options.paragraphs) as newsroom:
        imported = newsroom.readers(1)
        size = newsroom.mail_size()
        import shutil

        shutil.rmtree(newsroom.folder / "data")
        newsroom.readers(options.messages)
        newsroom.keep()
        print(f"{options.messages} mails of {size} octets; {imported.rss_mb:.0f} MB to begin with")
        rows = []
        for connections in options.connections:
            kept, dropped = measured(newsroom, connections, size, options)
            if not kept:
                print(f"  {connections} connections: no repetition had {options.cores} cores")
                continue
            ratio, ours, theirs = (median([rep[0] for rep in kept]), [rep[1] for rep in kept], [rep[2] for rep in kept])
            rows.append([
                connections,
                f"{ratio:.2f}",
                f"≥ {GOALS.get(connections, 1.10):.2f}",
                f"{median([options.messages / use.seconds for use in ours]):.0f}",
                f"{median([options.messages / use.seconds for use in theirs]):.0f}",
                f"{median([use.cpu / options.messages * 1e6 for use in ours]):.0f}",
                "≤ 100",
                f"{max(use.rss_mb for use in ours):.0f}",
                "≤ 48",
                f"{len(kept)} ({dropped} dropped)",
            ])  # fmt: skip
    head = ["connections", "× smtp-source", "goal", "msg/s", "smtp-source msg/s", "client CPU µs/msg", "goal", "peak RSS MB",
            "goal", "repetitions"]  # fmt: skip
    text = (
        f"Unsigned, {options.messages} personal mails of {size / 1024:.0f} KB into Postfix's `smtp-sink`, which takes one of the "
        f"cores; the ledger durable (`synchronous=FULL`); start, publishing and exit of the process included. {machine()}.\n\n"
        f"{table(head, rows)}"
    )
    print("\n" + text)
    if options.page:
        command = "benches/send.sh " + " ".join(sys.argv[1:])
        write_section(options.page, f"### The send\n\n`{command}`\n\n{text}")


if __name__ == "__main__":
    if not STRAIGHT.exists():
        sys.exit(f"{STRAIGHT} is not there: cargo build --release")
    main()
