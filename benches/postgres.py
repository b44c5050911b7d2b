"""What a message costs PostgreSQL: one edition, shared by one and more nodes of `straight send` into smtp-sink."""

import argparse
import collections
import concurrent.futures
import datetime
import os
import pathlib
import re
import shlex
import subprocess
import sys

from measure import Newsroom, STRAIGHT, cores, machine, median, run, smtp_sink, table, write_section

GOAL = "≤ 100"
# How the normalised text of each statement of src/store/ begins.
STATEMENTS = {
    "claim": "UPDATE deliveries d SET owner%",
    "begin": "UPDATE deliveries SET state = $%, attempt%",
    "settle": "UPDATE deliveries SET state = j.value%",
}
# How often what waits is looked at.
EYE = 0.02
# Advisory locks are those of starting and publishing: whoever comes second has to wait for the edition that there will be.
# Every other lock would be one node's send that waits for another's.
WAITING = """SELECT wait_event, regexp_replace(left(query, 60), '\\s+', ' ', 'g') FROM pg_stat_activity
    WHERE datname = current_database() AND wait_event_type = 'Lock'
    UNION ALL SELECT 'look', '' """
LOGGED = re.compile(r"still waiting for \w+ on (advisory lock|\w+)")


def arguments():
    parser = argparse.ArgumentParser(prog="benches/postgres.sh", description=__doc__)
    parser.add_argument("--messages", type=int, default=10_000, help="readers, each of whom gets one mail")
    parser.add_argument("--nodes", type=int, nargs="+", default=[1, 2, 4], help="how many share the edition")
    parser.add_argument("--connections", type=int, default=4, help="to the mail server, of each node")
    parser.add_argument("--repetitions", type=int, default=3, help="the median counts")
    parser.add_argument(
        "--second-day", action="store_true", help="the server's statistics are of an edition that everybody has had"
    )
    parser.add_argument("--page", action="store_true", help="write the result to docs/performance.md")
    parser.add_argument("--server", required=True, help=argparse.SUPPRESS)
    parser.add_argument("--log", required=True, type=pathlib.Path, help=argparse.SUPPRESS)
    return parser.parse_args()


def ask(url, query):
    return subprocess.run(["psql", "-qAtX", url, "-c", query], check=True, capture_output=True, text=True).stdout.strip()


class Database:
    """A database of its own for as long as the `with` lasts; every `straight` uses it."""

    def __init__(self, server):
        self.server, self.url = server, server.rsplit("/", 1)[0] + "/edition"

    def __enter__(self):
        ask(self.server, "CREATE DATABASE edition")
        ask(self.url, "CREATE EXTENSION pg_stat_statements")
        os.environ["DATABASE_URL"] = self.url
        return self

    def __exit__(self, *_):
        del os.environ["DATABASE_URL"]
        ask(self.server, "DROP DATABASE edition WITH (FORCE)")

    def milliseconds(self, condition="TRUE"):
        """What the server has spent on statements since the last reset, plans included."""
        return float(ask(self.url, f"""SELECT COALESCE(SUM(total_plan_time + total_exec_time), 0) FROM pg_stat_statements
            WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database()) AND ({condition})"""))


class Eye:
    """Looks for as long as the `with` lasts at the sessions that wait for another's lock."""

    def __init__(self, url):
        self.command = ["psql", "-qAtX", url], f"{' '.join(WAITING.split())} \\watch {EYE}\n"

    def __enter__(self):
        words, script = self.command
        self.psql = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.psql.stdin.write(script)
        self.psql.stdin.flush()
        return self

    def __exit__(self, *_):
        self.psql.terminate()
        lines = [line.partition("|") for line in self.psql.communicate()[0].splitlines() if "|" in line]
        self.looks = sum(kind == "look" for kind, _, _ in lines)
        waits = [(kind, query) for kind, _, query in lines if kind != "look"]
        self.publishing = sum(kind == "advisory" for kind, _ in waits)
        self.sending = len(waits) - self.publishing
        for (kind, query), count in collections.Counter(waits).items():
            print(f"    {count} looks saw a wait for {kind}: {query}")


def logged(log):
    """How many waits of 10 ms are in the log: to start or publish, and others."""
    kinds = LOGGED.findall(log.read_text())
    publishing = kinds.count("advisory lock")
    return publishing, len(kinds) - publishing


YESTERDAY = " The server's statistics are of the day before, when all had their copy and nothing was open."


def yesterday(newsroom, database):
    """An edition that everybody has had, and of which the server knows."""
    day = newsroom.day - datetime.timedelta(days=1)
    ask(
        database.url,
        f"""INSERT INTO editions (key, number, subject, preheader, html, text, letterhead, hash, frozen_at, recipients)
            SELECT '{day}', 1, '', '', '', '', '', '', 0, COUNT(*) FROM subscribers;
        INSERT INTO deliveries (edition_id, subscriber_id, state, due_at, attempt, settled_at)
            SELECT e.id, s.id, 'sent', 0, 1, 0 FROM editions e, subscribers s""",
    )
    ask(database.url, "VACUUM ANALYZE")


def shared(newsroom, options, nodes):
    """One edition of these nodes: messages a second, microseconds a message of each statement, who waited."""
    with Database(options.server) as database, smtp_sink() as sink:
        (newsroom.folder / "newsletter.yaml").write_text(
            f"schedule:\n  timezone: UTC\nsmtp:\n  url: smtp://127.0.0.1:{sink.port}\n  connections: {options.connections}\n"
        )
        newsroom.readers(options.messages)
        if options.second_day:
            yesterday(newsroom, database)
        ask(database.url, "SELECT pg_stat_statements_reset()")
        before = logged(options.log)
        with Eye(database.url) as eye, concurrent.futures.ThreadPoolExecutor(nodes) as pool:
            sends = [
                pool.submit(run, STRAIGHT, "--data", f"data-{node}", "send", cwd=newsroom.folder) for node in range(nodes)
            ]
            uses = [send.result() for send in sends]
        spent = {name: database.milliseconds(f"query LIKE '{start}'") for name, start in STATEMENTS.items()}
        # The looks are the measurement's, not the product's.
        whole = database.milliseconds("query NOT LIKE '%pg_stat_%'")
        sent = ask(
            database.url,
            "SELECT COUNT(*) FROM deliveries WHERE state = 'sent' AND attempt = 1 "
            "AND edition_id = (SELECT MAX(id) FROM editions)",
        )
        publishing, sending = (now - then for now, then in zip(logged(options.log), before))
    if sent != str(options.messages):
        sys.exit(f"{sent} of {options.messages} were sent, at the first attempt:\n" + "\n".join(use.output for use in uses))
    if not all(spent.values()):
        sys.exit(f"a statement is not known by its beginning any more: {spent}")
    each = {name: value * 1000 / options.messages for name, value in spent.items()}
    each["else"] = whole * 1000 / options.messages - sum(each.values())
    rate = options.messages / max(use.seconds for use in uses)
    words = ", ".join(f"{name} {value:.0f} µs" for name, value in each.items())
    print(
        f"  {nodes} nodes: {rate:.0f} msg/s, {words}; waits while sending: {eye.sending} in {eye.looks} looks, {sending} logged; "
        f"to start or publish: {eye.publishing}, {publishing} logged",
        flush=True,
    )
    return rate, each, eye, publishing, sending


def main():
    options = arguments()
    given = cores()
    rows = []
    with Newsroom(paragraphs=21) as newsroom:
        for nodes in options.nodes:
            runs = [shared(newsroom, options, nodes) for _ in range(options.repetitions)]
            rates, each, eyes, publishing, sending = zip(*runs)
            cost = {name: f"{median([run[name] for run in each]):.0f}" for name in each[0]}
            waiting, looks = sum(eye.sending for eye in eyes), sum(eye.looks for eye in eyes)
            rows.append([
                nodes, f"{median(rates):.0f}", cost["claim"], GOAL, cost["settle"], GOAL, cost["begin"],
                cost["else"], f"{waiting} in {looks}", sum(sending), 0, sum(publishing),
            ])  # fmt: skip
    given = min(given, cores())
    head = ["nodes", "msg/s", "claim µs/msg", "goal", "settle µs/msg", "goal", "begin µs/msg",
            "all else µs/msg", "waits seen while sending, in looks", "of 10 ms", "goal", "to start or publish, of 10 ms"]  # fmt: skip
    version = ask(options.server, "SHOW server_version").split()[0]
    text = (
        f"One edition of {options.messages} personal mails, unsigned, {options.connections} connections a node into "
        f"`smtp-sink`; PostgreSQL {version} as it comes, on the same {machine()}, of which a calibration loop got {given:.2f}. "
        f"The times are the server's own (`pg_stat_statements`, plans included) over all nodes, the median of "
        f"{options.repetitions}; they run while a statement waits for a core, of which there are too few for the nodes, "
        f"the database and the mail server. `all else` has the publishing of the edition in it; the flush at each commit is in none of them, for PostgreSQL counts it to no statement. Every {EYE * 1000:.0f} ms a "
        f"look at `pg_stat_activity` sees who waits for another's lock; a node that starts while another publishes the edition "
        f"waits for that, and is counted apart."
        f"{YESTERDAY if options.second_day else ''}\n\n{table(head, rows)}"
    )
    print("\n" + text)
    if options.page:
        command = shlex.join(["benches/postgres.sh", *sys.argv[5:]])
        write_section("postgres", f"## Several nodes on PostgreSQL\n\n`{command}`\n\n{text}")


if __name__ == "__main__":
    if not STRAIGHT.exists():
        sys.exit(f"{STRAIGHT} is not there: cargo build --release")
    main()
