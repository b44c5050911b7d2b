"""Rounds of kill -9 and SIGTERM against the program; see kills.sh."""

import collections
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time

profile, rounds, seed = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
here = os.getcwd()
straight = os.path.join(here, "target", profile, "straight")
READERS = 2000
CONNECTIONS = 4
ARTICLE = "---\ntitle: The Tide Turns\ndate: 2025-01-02\nsummary: It turns.\nhighlights: [It turns]\n---\n" + "It turns. " * 400


class House:
    """A folder with an edition for READERS, and a server that counts."""

    def __init__(self, folder, policy):
        self.folder, self.policy = folder, policy
        os.makedirs(f"{folder}/articles")
        with open(f"{folder}/articles/tide.md", "w") as file:
            file.write(ARTICLE + "\n")
        with open(f"{folder}/readers.csv", "w") as file:
            file.write("email\n" + "".join(f"reader{n}@example.org\n" for n in range(READERS)))
        self.server = subprocess.Popen(
            [sys.executable, f"{here}/tests/real/counting_sink.py", f"{folder}/port", f"{folder}/copies"]
        )
        while not os.path.exists(f"{folder}/port"):
            time.sleep(0.01)
        port = open(f"{folder}/port").read()
        with open(f"{folder}/newsletter.yaml", "w") as file:
            file.write(
                f'smtp: {{url: "smtp://127.0.0.1:{port}", connections: {CONNECTIONS}}}\n'
                f"delivery: {{uncertain: {policy}}}\narticles: {{settle: 0s}}\n"
            )
        self.run("subscribers", "import", "readers.csv")

    def start(self, *arguments):
        return subprocess.Popen(
            [straight, *arguments], cwd=self.folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )

    def run(self, *arguments):
        process = self.start(*arguments)
        out, _ = process.communicate()
        assert process.returncode == 0, (arguments, process.returncode, out)
        return out

    def accepted(self):
        """The Message-IDs of every reader's copies."""
        copies = collections.defaultdict(list)
        if os.path.exists(f"{self.folder}/copies"):
            for line in open(f"{self.folder}/copies"):
                reader, message_id = line.split()
                copies[reader].append(message_id)
        return copies

    def total(self):
        return sum(len(ids) for ids in self.accepted().values())

    def ledger(self):
        """Reader, state and uncertain attempts on record, read from the file without the program's help."""
        database = sqlite3.connect(f"{self.folder}/data/straight.db")
        rows = database.execute(
            "SELECT s.email, d.state, (SELECT COUNT(*) FROM attempts a WHERE a.edition_id = d.edition_id"
            " AND a.subscriber_id = d.subscriber_id AND a.outcome = 'uncertain')"
            " FROM deliveries d JOIN subscribers s ON s.id = d.subscriber_id"
        ).fetchall()
        recipients = database.execute("SELECT COALESCE(SUM(recipients), 0) FROM editions").fetchone()[0]
        database.close()
        assert len(rows) == recipients, "the states add up to the recipients"
        return rows

    def hold_against(self):
        """Asserts the invariant of FAULTS.md; gives (states, copies beyond the first, uncertain attempts)."""
        copies, states, doubles, uncertain = self.accepted(), collections.Counter(), 0, 0
        for reader, state, attempts in self.ledger():
            ids = copies.pop(reader, [])
            told = f"{reader} is {state} with {attempts} uncertain attempts, and got {len(ids)} copies"
            if state == "sent":
                assert 1 <= len(ids) <= 1 + attempts, told
            elif state == "sending":
                assert len(ids) <= 1 + attempts, told
            else:
                assert len(ids) <= attempts, told
            assert self.policy != "hold" or len(ids) <= 1, told
            assert len(set(ids)) <= 1, told
            states[state] += 1
            doubles += max(0, len(ids) - 1)
            uncertain += attempts
        assert not copies, f"copies for nobody's delivery: {list(copies)[:3]}"
        return states, doubles, uncertain

    def close(self):
        self.server.kill()
        self.server.wait()


class Kind:
    """One kind of round, and what came of all of them."""

    def __init__(self, name, policy, number):
        self.name, self.policy, self.number = name, policy, number
        self.rounds = self.lost = self.doubles = self.uncertain = self.held = 0
        self.mid_run = 0

    def row(self):
        return (
            f"| {self.name} | {self.policy} | {self.rounds} | {self.mid_run} | {self.rounds * READERS:,} "
            f"| {self.lost} | {self.doubles} | {self.uncertain} | {self.held} |"
        )


def play(kind, chance):
    folder = tempfile.mkdtemp()
    house = House(folder, kind.policy)
    try:
        sender = house.start("send")
        goal = chance.randrange(READERS * 9 // 10)
        # Every fifth round dies by the clock, maybe while it starts; the others after so many copies.
        if kind.rounds % 5 == 4:
            time.sleep(chance.random() * 0.3)
        else:
            path, ends = f"{folder}/copies", time.monotonic() + 60
            while not (os.path.exists(path) and os.path.getsize(path) > goal * 66):
                assert time.monotonic() < ends and sender.poll() is None, "the send came to no such point"
                time.sleep(0.0005)
            time.sleep(chance.random() * 0.004)
        sender.send_signal(kind.number)
        out, _ = sender.communicate()
        time.sleep(0.05)  # what it wrote last may still be on its way
        states, doubles, uncertain = house.hold_against()
        kind.mid_run += 0 < states["sent"] < READERS
        assert states["sending"] <= 2 * CONNECTIONS, states
        if kind.number == signal.SIGTERM:
            # Before the program has its signal handler, SIGTERM ends it as it ends any process: nothing was sent yet.
            assert sender.returncode == 0 or not states["sent"], (sender.returncode, out)
            assert (states["sending"], uncertain, doubles) == (0, 0, 0), (states, uncertain, doubles)
        on_the_wire = states["sending"]
        house.run("send")
        states, doubles, uncertain = house.hold_against()
        assert uncertain == on_the_wire, "what stood as sending is uncertain, and no more"
        lost = READERS - states["sent"] - states["uncertain"]
        assert lost == 0, states
        assert doubles <= min(uncertain, CONNECTIONS), (doubles, uncertain)
        if kind.number == signal.SIGTERM:
            assert (states["sent"], doubles, uncertain) == (READERS, 0, 0), (states, doubles, uncertain)
        kind.rounds += 1
        kind.lost += lost
        kind.doubles += doubles
        kind.uncertain += uncertain
        kind.held += states["uncertain"]
    finally:
        house.close()
        shutil.rmtree(folder)


kinds = [
    Kind("kill -9", "resend", signal.SIGKILL),
    Kind("kill -9", "hold", signal.SIGKILL),
    Kind("SIGTERM", "resend", signal.SIGTERM),
]
print(f"KILL_SEED={seed}")
chance = random.Random(seed)
began = time.monotonic()
for kind in kinds:
    # SIGTERM promises more, and needs fewer rounds to show it.
    for _ in range(rounds if kind.number == signal.SIGKILL else max(1, rounds // 2)):
        play(kind, chance)
    print(
        f"{kind.name}, {kind.policy}: {kind.rounds} rounds, {kind.mid_run} of them in mid-run; {kind.lost} lost,"
        f" {kind.doubles} doubled, {kind.uncertain} uncertain on record, {kind.held} held for a person",
        flush=True,
    )
took = time.monotonic() - began

with open("tests/real/reliability.md") as file:
    page = file.read()
table = "\n".join(kind.row() for kind in kinds)
page = page.replace("{{rounds}}", table).replace("{{seed}}", str(seed)).replace("{{seconds}}", f"{took:.0f}")
page = page.replace("{{profile}}", profile).replace("{{readers}}", f"{READERS:,}").replace("{{connections}}", str(CONNECTIONS))
os.makedirs("docs", exist_ok=True)
with open("docs/reliability.md", "w") as file:
    file.write(page)
print(f"docs/reliability.md is written; {took:.0f} s")
