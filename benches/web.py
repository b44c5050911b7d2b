"""The public pages under load: reading, searching and signing up at 1, 16 and 64 connections, beside nginx with the same
article as a file, and beside visitors who never finish their request."""

import argparse
import os
import pathlib
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.parse
import urllib.request

from measure import Newsroom, ROOT, STRAIGHT, cores, free_port, machine, table, wait_for, write_section

# An answer without a body is its header alone, in bytes.
MOST_OF_304 = 1_500
# Words that occur in every article, in about every tenth, and in one of a thousand.
COMMON, SOME, RARE = "refinery", "estuary", "praseodymium"


def arguments():
    parser = argparse.ArgumentParser(prog="benches/web.sh", description=__doc__)
    parser.add_argument("--articles", type=int, default=10_000, help="how many the archive has")
    parser.add_argument("--seconds", type=int, default=3, help="how long each figure is taken")
    parser.add_argument("--connections", type=int, nargs="+", default=[1, 16, 64])
    parser.add_argument("--slow", type=int, default=600, help="visitors who never finish their request")
    parser.add_argument("--postgres", action="store_true", help="the store is a PostgreSQL of this run's own")
    parser.add_argument("--keep", type=pathlib.Path, help="a folder with the archive: used when it is there, else made")
    parser.add_argument("--page", action="store_true", help="write the result to docs/performance.md")
    return parser.parse_args()


def settings(port, database):
    return (
        f'publication: {{public_url: "http://127.0.0.1:{port}"}}\n'
        f'web: {{listen: "127.0.0.1:{port}"}}\n'
        "sign_up: {limits: {per_network: 99999999/h, per_address: 99999999/h, per_domain: 99999999/h, in_all: 99999999/h}}\n"
        "articles: {folder: articles, settle: 0s}\n"
        # Nothing is due by itself.
        'schedule: {timezone: UTC, cron: "0 0 29 2 *"}\n' + (f'database_url: "{database}"\n' if database else "")
    )


def write_articles(folder, day, numbers):
    """About 400 words each, of a vocabulary that is used as words are: a few often, most seldom."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in numbers:
        chance = random.Random(number)
        word = lambda: f"word{int(2000 * chance.random() ** 3)}"  # noqa: E731
        paragraphs = [" ".join(word() for _ in range(65)).capitalize() + "." for _ in range(6)]
        paragraphs[0] += f" The {COMMON} at the mouth of the river."
        if number % 10 == 3:
            paragraphs[2] += f" Down in the {SOME}."
        if number % 1000 == 7:
            paragraphs[4] += f" Some {RARE} too."
        (folder / f"story-{number:05}.md").write_text(
            f'---\ntitle: "Story {number} of the river"\ndate: {day}\nauthor: {{name: "Writer {number % 50}"}}\n'
            f"summary: What became of it in week {number}.\nhighlights: [One thing, Another]\ntags: [Topic {number % 40}]\n"
            "---\n\n" + "\n\n".join(paragraphs) + "\n"
        )


def fill(newsroom, articles):
    """Publishes editions of a hundred articles each, the last one of five; the archive is made by publishing."""
    began = time.monotonic()
    folder, done, edition = newsroom.folder / "articles", 0, 0
    while done < articles:
        shutil.rmtree(folder, ignore_errors=True)
        left = articles - done
        size = 5 if left == 5 else min(100, left - 5)
        write_articles(folder, newsroom.day, range(done, done + size))
        done, edition = done + size, edition + 1
        use = newsroom.straight("--outbox", "out", "send", "--edition", f"{newsroom.day}-n{edition:03}")
        if "Sent to 1 of 1" not in use.output:
            sys.exit(f"edition {edition} is not out:\n{use.output}")
    return edition, time.monotonic() - began


class Site:
    """`straight run` for as long as the `with` lasts."""

    def __init__(self, newsroom, port):
        self.newsroom, self.port = newsroom, port

    def __enter__(self):
        self.log = (self.newsroom.folder / "run.log").open("w")
        self.process = subprocess.Popen([str(STRAIGHT), "run"], cwd=self.newsroom.folder, stdout=self.log, stderr=self.log)
        wait_for(self.port)
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait()
        self.log.close()

    def memory(self):
        """The most that it had in memory so far, in MB."""
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmHWM:\s+(\d+)", status)[1]) / 1024

    def cpu(self):
        fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(") ", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Files:
    """nginx with the archive's files, as `straight site` writes them."""

    def __init__(self, folder):
        self.folder, self.port = folder, free_port()

    def __enter__(self):
        configuration = self.folder / "nginx.conf"
        configuration.write_text(
            f"{'user root; ' if os.geteuid() == 0 else ''}daemon off; worker_processes 1; pid {self.folder}/nginx.pid; error_log {self.folder}/nginx.log;\n"
            "events { worker_connections 1024; }\n"
            f"http {{ access_log off; server {{ listen 127.0.0.1:{self.port}; root {self.folder}/site; index index.html; }} }}\n"
        )
        self.process = subprocess.Popen(["nginx", "-c", configuration, "-p", self.folder])
        wait_for(self.port)
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()


def wrk(port, connections, seconds, *paths, kind="get", tag="-"):
    """Requests a second, the median and the 99th percentile in milliseconds, and bytes an answer."""
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "20s", "-s", ROOT / "benches/web.lua",
               f"http://127.0.0.1:{port}", "--", kind, tag, *paths]  # fmt: skip
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    requests, spent, half, most, size, errors = map(int, re.search(r"FIGURES (.*)", said)[1].split())
    if errors or not requests:
        sys.exit(f"{paths[0]}: {errors} of {requests} requests failed:\n{said}")
    return requests / spent * 1e6, half / 1000, most / 1000, size / requests


class Slow:
    """Visitors who send their request's header a byte a second, and come again when they are turned out."""

    def __init__(self, port, many):
        self.port, self.many, self.end = port, many, threading.Event()

    def _crowd(self):
        sockets = {}
        while not self.end.is_set():
            began = time.monotonic()
            for place in range(self.many):
                try:
                    if place not in sockets:
                        sockets[place] = socket.create_connection(("127.0.0.1", self.port), 0.5)
                        sockets[place].sendall(b"GET / HTTP/1.1\r\nHost: slow.example\r\nX-Slow: ")
                    else:
                        sockets[place].sendall(b"x")
                except OSError:
                    gone = sockets.pop(place, None)
                    if gone:
                        gone.close()
                if self.end.is_set():
                    break
            self.end.wait(max(0.0, 1 - (time.monotonic() - began)))
        for one in sockets.values():
            one.close()

    def __enter__(self):
        self.thread = threading.Thread(target=self._crowd)
        self.thread.start()
        time.sleep(2)
        return self

    def __exit__(self, *_):
        self.end.set()
        self.thread.join()


def tag_of(port, path):
    """The ETag of a page, once it is sure that whoever names it is told 304 and nothing more."""
    address = f"http://127.0.0.1:{port}{path}"
    tag = urllib.request.urlopen(address).headers["ETag"]
    if not tag:
        sys.exit(f"{path} has no ETag")
    try:
        answer = urllib.request.urlopen(urllib.request.Request(address, headers={"If-None-Match": tag}))
        sys.exit(f"{path} is sent again, with {answer.status}, to whoever names its tag {tag}")
    except urllib.error.HTTPError as told:
        if told.code != 304 or told.read():
            sys.exit(f"{path} answers {told.code} to whoever names its tag {tag}")
    return tag


def row(name, figures, yardstick):
    rate, half, most, _ = figures
    ratio = f"{rate / yardstick:.2f}" if yardstick else "–"
    return [name, f"{rate:,.0f}", ratio, f"{half:.2f}", f"{most:.2f}"]


def measure(options, newsroom, port):
    articles = [f"/articles/story-{n * 97 % options.articles}-of-the-river" for n in range(50)]
    searches = {
        "a word that every article has": [f"/search?q={COMMON}"],
        "a word of every tenth, and two together": [f"/search?q={SOME}", f"/search?q={SOME}+{COMMON}"],
        "a word of one in a thousand": [f"/search?q={RARE}"],
        "a phrase": ["/search?q=" + urllib.parse.quote(f'"{COMMON} at the mouth"')],
    }
    rows, begin = [], {}
    with Site(newsroom, port) as site:
        tags = {path: tag_of(port, path) for path in [articles[0], "/"]}
        begin = site.memory()
        for connections in options.connections:
            at = lambda *paths, **more: wrk(port, connections, options.seconds, *paths, **more)  # noqa: E731, B023
            place = f"{connections} connection{'' if connections == 1 else 's'}: "

            def costing(*paths, at=at, **more):
                """The figures, and microseconds of CPU an answer."""
                used = site.cpu()
                figures = at(*paths, **more)
                return figures, (site.cpu() - used) / (figures[0] * options.seconds) * 1e6

            yardstick = None
            if newsroom.files:
                with Files(newsroom.folder) as files:
                    figures = wrk(files.port, connections, options.seconds, *[f"{path}/" for path in articles])
                yardstick = figures[0]
                rows.append(row(f"{place}nginx, the same articles as files", figures, yardstick))
            rows.append(row(f"{place}the style sheet (no store, no template)", at("/style.css"), yardstick))
            for what, whole in [("article", articles), ("front page", ["/"])]:
                figures, spent = costing(*whole)
                several = "articles" if len(whole) > 1 else f"the {what}"
                rows.append(row(f"{place}{several} ({spent:.0f} µs of CPU each)", figures, yardstick))
                known, least = costing(whole[0], tag=tags[whole[0]])
                if known[3] > MOST_OF_304:
                    sys.exit(f"{whole[0]}: {known[3]:.0f} bytes an answer are no 304")
                name = f"{place}the {what}, known by its ETag (304; {least:.0f} µs of CPU, {spent / least:.1f} times less)"
                rows.append(row(name, known, yardstick))
            rows.append(row(f"{place}an edition", at(f"/editions/{newsroom.day}-n001"), yardstick))
            for name, paths in searches.items():
                rows.append(row(f"{place}search, {name}", at(*paths), yardstick))
            rows.append(row(f"{place}sign-ups", at("/subscribe", kind="form"), yardstick))
        alone = wrk(port, 16, options.seconds, *articles)
        with Slow(port, options.slow):
            beside = wrk(port, 16, options.seconds, *articles)
            began = time.monotonic()
            urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=30).read()
            first = time.monotonic() - began
        memory = site.memory()
    slow = [
        [f"articles, 16 connections, beside {options.slow} visitors who send a byte a second", f"{beside[0]:,.0f}",
         f"{beside[0] / alone[0]:.2f} × alone", f"{beside[1]:.2f}", f"{beside[2]:.2f}"],
        ["… a visitor who comes then waits", "", "", f"{first * 1000:.0f}", ""],
    ]  # fmt: skip
    return rows, slow, begin, memory


def main():
    options = arguments()
    if not shutil.which("wrk"):
        sys.exit("wrk is not there: apt-get install wrk")
    given = cores()
    database = os.environ.get("BENCH_POSTGRES") if options.postgres else None
    with Newsroom() as newsroom:
        port = free_port()
        if options.keep and options.keep.exists():
            shutil.rmtree(newsroom.folder)
            shutil.copytree(options.keep, newsroom.folder)
        (newsroom.folder / "newsletter.yaml").write_text(settings(port, database))
        if not (options.keep and options.keep.exists()):
            newsroom.straight("subscribers", "add", "reader@example.org")
            many, seconds = fill(newsroom, options.articles)
            print(f"{options.articles:,} articles published in {many} editions, {seconds:.0f} s", flush=True)
            if shutil.which("nginx"):
                newsroom.straight("site", "--out", "site")
            if options.keep:
                shutil.copytree(newsroom.folder, options.keep)
        newsroom.files = shutil.which("nginx") and (newsroom.folder / "site").exists()
        rows, slow, begin, memory = measure(options, newsroom, port)
    given = min(given, cores())
    engine = "PostgreSQL" if database else "SQLite, `synchronous=FULL`"
    text = (
        f"{engine}; an archive of {options.articles:,} articles; `wrk` with one thread, which takes one of the cores when the "
        f"server is fast; {options.seconds} s a line, keep-alive, limits of sign-ups raised; {machine()}, of which a "
        f"calibration loop got {given:.2f}. Memory: {begin:.0f} MB at rest, {memory:.0f} MB at the most.\n\n"
        + table(["what", "a second", "× nginx", "p50 ms", "p99 ms"], rows + slow)
    )
    print(text)
    if options.page:
        command = " ".join(["benches/web.sh", *sys.argv[1:]])
        name = "web, PostgreSQL" if database else "web"
        write_section(name, f"## Reading and signing up{', on PostgreSQL' if database else ''}\n\n`{command}`\n\n{text}")


if __name__ == "__main__":
    if not STRAIGHT.exists():
        sys.exit(f"{STRAIGHT} is not there: cargo build --release")
    main()
