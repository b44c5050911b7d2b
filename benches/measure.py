"""What the benchmarks share: a calibrated machine, a child's own use of it, a newsroom to send from, the page of figures."""

import datetime
import multiprocessing
import os
import pathlib
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from typing import NamedTuple

ROOT = pathlib.Path(__file__).resolve().parent.parent
STRAIGHT = pathlib.Path(os.environ.get("BENCH_BINARY", ROOT / "target/release/straight"))
PAGE = ROOT / "docs/performance.md"
os.environ["PATH"] += ":/usr/sbin"


def _spin(seconds, share):
    began, used = time.monotonic(), time.process_time()
    while time.monotonic() - began < seconds:
        pass
    share.value = (time.process_time() - used) / (time.monotonic() - began)


def cores(seconds=0.5):
    """How many of two cores the machine gives to two loops just now."""
    shares = [multiprocessing.Value("d", 0.0) for _ in range(2)]
    loops = [multiprocessing.Process(target=_spin, args=(seconds, share)) for share in shares]
    for loop in loops:
        loop.start()
    for loop in loops:
        loop.join()
    return sum(share.value for share in shares)


class Use(NamedTuple):
    """What one child process took."""

    seconds: float
    cpu: float
    rss_mb: float
    output: str


def run(*command, cwd=None, ok=(0,)):
    """Runs a child to its end; its use is getrusage's, of this child alone."""
    with tempfile.TemporaryFile() as output:
        began = time.monotonic()
        child = subprocess.Popen([str(word) for word in command], cwd=cwd, stdout=output, stderr=subprocess.STDOUT)
        _, status, usage = os.wait4(child.pid, 0)
        seconds = time.monotonic() - began
        child.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        text = output.read().decode(errors="replace")
    if child.returncode not in ok:
        sys.exit(f"{command[0]} ended with {child.returncode}:\n{text[-2000:]}")
    return Use(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, text)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(port):
    for _ in range(100):
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.05)
    sys.exit(f"nothing listens on port {port}")


class Sink:
    """A server on loopback for as long as the `with` lasts; `command` gets the port in place of `{port}`."""

    def __init__(self, *command):
        self.port = free_port()
        self.command = [str(word).format(port=self.port) for word in command]

    def __enter__(self):
        self.process = subprocess.Popen(self.command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_for(self.port)
        return self

    def cpu(self):
        """Seconds of CPU that the server has taken until now (proc(5), utime and stime)."""
        fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()


def smtp_sink():
    return Sink("smtp-sink", "-u", "nobody", "127.0.0.1:{port}", "1000")


def write_article(folder, number, day, paragraphs):
    """An article of text that compresses to nothing special; rested, so that it is not taken for half written."""
    folder.mkdir(parents=True, exist_ok=True)
    sentence = (
        "The refinery at the mouth of the river took in {a} tonnes of concentrate in week {b}, {c} more than a year "
        "before, and its **separation line** ran for [{d} hours](https://example.org/lines/{d}) without a stop. "
    )
    text = [
        "".join(sentence.format(a=700 + n * 7, b=1 + n % 52, c=n * 3, d=100 + n * 5 + s) for s in range(3))
        for n in range(paragraphs)
    ]
    file = folder / f"story-{number:05}.md"
    file.write_text(
        f'---\ntitle: "Week {number} on the river"\ndate: {day}\nauthor: mara-lind\n'
        f"highlights:\n  - One line that ran without a stop\n  - Another that did not\n---\n\n" + "\n\n".join(text) + "\n"
    )
    rested = time.time() - 60
    os.utime(file, (rested, rested))


class Newsroom:
    """A folder to run `straight` in, made anew and thrown away."""

    def __init__(self, paragraphs=30, articles=1, settings=""):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="straight-bench-"))
        self.day = datetime.datetime.now(datetime.timezone.utc).date()
        for number in range(articles):
            write_article(self.folder / "articles", number, self.day, paragraphs)
        (self.folder / "newsletter.yaml").write_text(
            f"schedule:\n  timezone: UTC\narticles:\n  folder: articles\n{settings}"
        )

    def straight(self, *words, ok=(0,)):
        return run(STRAIGHT, *words, cwd=self.folder, ok=ok)

    def readers(self, count):
        """Imports `count` readers, each with a name, from CSV."""
        file = self.folder / "readers.csv"
        with file.open("w") as out:
            out.write("email,name\n")
            for n in range(count):
                out.write(f"reader{n}@d{n % 997}.example.org,Reader Number {n}\n")
        use = self.straight("subscribers", "import", file)
        file.unlink()
        if f"{count} new" not in use.output:
            sys.exit(f"the import is not whole: {use.output}")
        return use

    def keep(self):
        """Puts the store aside, so that `again` can begin from it."""
        shutil.copytree(self.folder / "data", self.folder / "kept")

    def again(self):
        shutil.rmtree(self.folder / "data")
        shutil.copytree(self.folder / "kept", self.folder / "data")
        os.sync()

    def mail_size(self):
        """The size of the first message, written to an outbox."""
        self.straight("--outbox", "one", "send")
        return next((self.folder / "one" / "new").iterdir()).stat().st_size

    def __enter__(self):
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.folder, ignore_errors=True)


def median(values):
    return statistics.median(values)


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    lines += ["| " + " | ".join(str(cell) for cell in row) + " |" for row in rows]
    return "\n".join(lines)


def write_section(name, text):
    """Replaces one section of the page of figures; the other sections stay."""
    begin, end = f"<!-- {name}: written by the run -->", f"<!-- end of {name} -->"
    section = f"{begin}\n{text.strip()}\n{end}"
    page = PAGE.read_text() if PAGE.exists() else (
        "# Performance\n\nEach figure below was measured on one machine and written here by the command beside it. The "
        "machine is shared and noisy: ratios inside a run count, absolute figures illustrate.\n"
    )
    pattern = re.compile(re.escape(begin) + ".*?" + re.escape(end), re.DOTALL)
    page = pattern.sub(lambda _: section, page) if pattern.search(page) else f"{page.rstrip()}\n\n{section}\n"
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(page)


def machine():
    model = re.search(r"model name\s*: (.*)", pathlib.Path("/proc/cpuinfo").read_text())
    return f"{os.cpu_count()} cores{f' ({model[1].strip()})' if model else ''}, everything on loopback"
