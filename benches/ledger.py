"""What does not send: import and publish of a million readers, rendering from cold start, the size of the program."""

import argparse
import datetime
import os
import pathlib
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time

from measure import Newsroom, STRAIGHT, cores, free_port, machine, median, run, table, write_article, write_section


def arguments():
    parser = argparse.ArgumentParser(prog="benches/ledger.sh", description=__doc__)
    parser.add_argument("--readers", type=int, default=1_000_000)
    parser.add_argument("--articles", type=int, default=10_000, help="how many lie on disk in the last rendering")
    parser.add_argument("--repetitions", type=int, default=7, help="of what takes less than a second; the median counts")
    parser.add_argument("--page", action="store_true", help="write the result to docs/performance.md")
    return parser.parse_args()


def publish(newsroom):
    """Seconds from the start of `straight send` until the edition and all its deliveries are in the store.

    The server it would send to does not answer; once the transaction is seen from outside, the process is stopped."""
    settings = newsroom.folder / "newsletter.yaml"
    settings.write_text(f"schedule:\n  timezone: UTC\nsmtp:\n  url: smtp://127.0.0.1:{free_port()}\n")
    with tempfile.TemporaryFile() as output:
        began = time.monotonic()
        child = subprocess.Popen([str(STRAIGHT), "send"], cwd=newsroom.folder, stdout=output, stderr=output)
        store = sqlite3.connect(f"file:{newsroom.folder}/data/straight.db?mode=ro", uri=True)
        while store.execute("SELECT COUNT(*) FROM editions").fetchone() == (0,):
            if child.poll() is not None:
                output.seek(0)
                sys.exit(f"nothing was published:\n{output.read().decode()}")
            time.sleep(0.005)
        seconds = time.monotonic() - began
        rows = store.execute("SELECT COUNT(*) FROM deliveries").fetchone()[0]
        store.close()
        child.send_signal(signal.SIGTERM)
        _, _, usage = os.wait4(child.pid, 0)
    return seconds, rows, usage.ru_maxrss / 1024


def rendered(newsroom, times):
    taken = []
    for _ in range(times):
        use = newsroom.straight("render", "--date", newsroom.day, "--out", "shown")
        taken.append(use.seconds)
    return median(taken)


def main():
    options = arguments()
    given = cores()
    rows = []
    with Newsroom() as newsroom:
        imported = newsroom.readers(options.readers)
        rows.append([f"import {options.readers:,} subscribers from CSV", f"{imported.seconds:.1f} s", "≤ 15 s"])
        rows.append(["… peak RSS", f"{imported.rss_mb:.0f} MB", "≤ 48 MB"])
        seconds, deliveries, rss = publish(newsroom)
        rows.append([f"publish {deliveries:,} deliveries, one transaction", f"{seconds:.1f} s", "≤ 5 s"])
        rows.append(["… peak RSS", f"{rss:.0f} MB", "≤ 48 MB"])
    with Newsroom(articles=10) as newsroom:
        newsroom.straight("render", "--date", newsroom.day, "--out", "shown")
        seconds = rendered(newsroom, options.repetitions)
        rows.append(["`straight render`: a day of ten articles, cold start", f"{seconds * 1000:.0f} ms", "≤ 60 ms"])
        before = newsroom.day - datetime.timedelta(days=60)
        written, times = 0, []
        for step in (options.articles // 2, options.articles):
            while written < step:
                write_article(newsroom.folder / "articles" / "old", written + 100, before, 21)
                written += 1
            times.append(rendered(newsroom, 3))
            rows.append([f"… with {step:,} more articles on disk", f"{times[-1]:.2f} s", "≤ 1.5 s, linear"])
    help_time = median([run(STRAIGHT, "--help").seconds for _ in range(3 * options.repetitions)])
    rows.append(["start of `straight --help`", f"{help_time * 1000:.1f} ms", "≤ 10 ms"])
    with tempfile.TemporaryDirectory() as folder:
        stripped = pathlib.Path(folder) / "straight"
        subprocess.run(["strip", "-o", stripped, STRAIGHT], check=True)
        rows.append(["binary, stripped", f"{stripped.stat().st_size / 1e6:.1f} MB", "≤ 25 MB"])
    given = min(given, cores())
    text = f"SQLite, `synchronous=FULL`; {machine()}, of which a calibration loop got {given:.2f}.\n\n" + table(
        ["what", "measured", "goal"], rows
    )
    print(text)
    if options.page:
        command = " ".join(["benches/ledger.sh", *sys.argv[1:]])
        write_section("ledger", f"## Import, publish, render\n\n`{command}`\n\n{text}")


if __name__ == "__main__":
    if not STRAIGHT.exists():
        sys.exit(f"{STRAIGHT} is not there: cargo build --release")
    main()
