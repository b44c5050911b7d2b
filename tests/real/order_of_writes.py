"""Rebuilds, from a trace of system calls, what the disk held for certain at each final dot.

Every write to the database and to its log is replayed; at each fsync's return, what had been written to that file when
the fsync began counts as durable, and nothing else does. When a final dot is written to a socket, the durable files are
opened as SQLite would open them after a power cut: the reader named in the last RCPT of that socket must be `sending`.
"""

import os
import re
import sqlite3
import sys
import tempfile

before, trace, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
NAMES = ("straight.db", "straight.db-wal")

written = {name: bytearray() for name in NAMES}  # what reads would see
durable = {name: None for name in NAMES}  # what a power cut would leave
written["straight.db"] += open(before, "rb").read()
durable["straight.db"] = bytes(written["straight.db"])

files = {}  # descriptor → name, of the process (its threads share them)
readers = {}  # socket → the reader of the last RCPT
pending = {}  # thread → the beginning of an unfinished call
syncing = {}  # thread → (name, content when the fsync began)
dots = fsyncs = early = 0


def text_of(quoted):
    return bytes(int(pair, 16) for pair in re.findall(r"\\x([0-9a-f]{2})", quoted))


def strings(arguments):
    return [text_of(part) for part in re.findall(r'"((?:\\x[0-9a-f]{2})*)"', arguments)]


def state_of(address):
    """What stands in the durable database beside `address`."""
    with tempfile.TemporaryDirectory() as folder:
        for name, content in durable.items():
            if content is not None:
                with open(os.path.join(folder, name), "wb") as file:
                    file.write(content)
        database = sqlite3.connect(os.path.join(folder, "straight.db"))
        try:
            row = database.execute(
                "SELECT d.state FROM deliveries d JOIN subscribers s ON s.id = d.subscriber_id WHERE s.email = ?", (address,)
            ).fetchone()
        except sqlite3.OperationalError as error:
            return str(error)
        finally:
            database.close()
        return row[0] if row else "no delivery"


def leaves(socket, arguments, returned):
    """Looks at what is written to a socket; `returned` is how many octets the system took, when that is known."""
    global dots, early
    parts = strings(arguments)
    for recipient in re.findall(rb"RCPT TO:<([^>]*)>", b"".join(parts)):
        readers[socket] = recipient.decode()
    # The dot is the last slice of a message, on its own, or the end of what is written in one piece.
    if not parts or not (parts[-1] in (b".\r\n", b"\r\n.\r\n") or parts[-1].endswith(b"\r\n.\r\n")):
        return
    lengths = [int(length) for length in re.findall(r"iov_len=(\d+)", arguments)]
    if lengths and returned is not None and returned < sum(lengths):
        return  # the end did not go: it is written again
    dots += 1
    state = state_of(readers.get(socket))
    if state != "sending":
        early += 1
        print(f"the dot for {readers.get(socket)} left while the disk had: {state}", file=sys.stderr)


def begins(thread, call, arguments):
    if call in ("fsync", "fdatasync"):
        name = files.get(int(re.match(r"\d+", arguments)[0]))
        if name:
            syncing[thread] = (name, bytes(written[name]))


def ends(thread, call, arguments, result):
    global fsyncs
    value = re.match(r"-?\d+", result)
    value = int(value[0]) if value else -1
    if value < 0:
        return
    descriptor = re.match(r"\d+", arguments)
    descriptor = int(descriptor[0]) if descriptor else None
    if call == "openat":
        path = strings(arguments)[0].decode()
        files[value] = os.path.basename(path) if os.path.basename(path) in NAMES else None
        if files[value] and "O_TRUNC" in arguments:
            written[files[value]].clear()
    elif call in ("dup", "fcntl") and (call == "dup" or "F_DUPFD" in arguments):
        files[value] = files.get(descriptor)
    elif call == "close":
        files.pop(descriptor, None)
    elif call == "connect":
        files.pop(descriptor, None)
    elif call == "unlink":
        name = os.path.basename(strings(arguments)[0].decode())
        if name in NAMES:
            written[name] = bytearray()
            durable[name] = None
    elif call == "ftruncate" and files.get(descriptor):
        content, size = written[files[descriptor]], int(arguments.split(",")[1])
        del content[size:]
        content.extend(bytes(size - len(content)))
    elif call == "pwrite64" and files.get(descriptor):
        content, (data,) = written[files[descriptor]], strings(arguments)
        offset = int(arguments.rsplit(",", 1)[1])
        assert len(data) == value, "strace cut a page: raise -s"
        content.extend(bytes(max(0, offset + len(data) - len(content))))
        content[offset : offset + len(data)] = data
    elif call in ("fsync", "fdatasync") and thread in syncing:
        name, content = syncing.pop(thread)
        durable[name] = content
        fsyncs += 1


SOCKET = ("write", "writev", "sendto", "sendmsg")
for line in open(trace):
    thread, _, rest = line.rstrip("\n").partition(" ")
    rest = rest.strip()
    resumed = re.match(r"<\.\.\. (\w+) resumed>(.*)$", rest)
    if resumed:
        call, begun = pending.pop(thread, (resumed[1], ""))
        whole = begun + resumed[2]
        arguments, _, result = whole.rpartition(" = ")
        arguments = arguments.rstrip().removesuffix(")")
        ends(thread, call, arguments, result)
        continue
    called = re.match(r"(\w+)\((.*)$", rest)
    if not called:
        continue
    call, rest = called[1], called[2]
    if rest.endswith("<unfinished ...>"):
        arguments = rest.removesuffix("<unfinished ...>").rstrip()
        pending[thread] = (call, arguments)
        begins(thread, call, arguments)
        if call in SOCKET and files.get(int(re.match(r"\d+", arguments)[0])) is None:
            leaves((re.match(r"\d+", arguments)[0]), arguments, None)
        continue
    arguments, _, result = rest.rpartition(" = ")
    arguments = arguments.rstrip().removesuffix(")")
    begins(thread, call, arguments)
    if call in SOCKET:
        value = re.match(r"-?\d+", result)
        leaves(re.match(r"\d+", arguments)[0], arguments, int(value[0]) if value else None)
    ends(thread, call, arguments, result)

print(f"order of writes: {dots} final dots, each after the fsync of its `sending` ({fsyncs} fsyncs in all)" if not early else "")
assert dots == count, f"{dots} dots were seen, {count} were sent"
assert fsyncs > 0
sys.exit(1 if early else 0)
