"""An SMTP server on loopback that is a round trip away: what it hears counts, and is answered, that much later.

    python3 benches/delaying_sink.py PORT MILLISECONDS

It offers PIPELINING, accepts everything and keeps nothing. Bandwidth and loss are not played, only distance."""

import asyncio
import sys


class Distant(asyncio.Protocol):
    def __init__(self, delay):
        self.delay = delay
        self.heard = b""
        self.in_message = False
        self.late = 0.0

    def connection_made(self, transport):
        self.transport = transport
        self.loop = asyncio.get_running_loop()
        self.loop.call_later(self.delay, self.say, b"220 distant ESMTP\r\n")

    def data_received(self, data):
        # In the order of arrival: timers of the same delay fire in the order in which they were set.
        due = self.loop.time() + self.delay
        self.loop.call_at(due - self.late, self.hear, data, due)

    def say(self, words):
        if not self.transport.is_closing():
            self.transport.write(words)

    def hear(self, data, due):
        # Timers fire up to a millisecond late; what they are late on average is taken off.
        self.late = max(0.0, self.late + 0.02 * (self.loop.time() - due))
        self.heard += data
        words = []
        while True:
            if self.in_message:
                end = self.heard.find(b"\r\n.\r\n")
                if end < 0:
                    # The end may be cut in two.
                    self.heard = self.heard[-4:]
                    break
                self.heard = self.heard[end + 5 :]
                self.in_message = False
                words.append(b"250 2.0.0 taken\r\n")
                continue
            line, newline, rest = self.heard.partition(b"\r\n")
            if not newline:
                break
            self.heard = rest
            verb = line[:4].upper()
            if verb == b"EHLO":
                words.append(b"250-distant\r\n250-PIPELINING\r\n250 8BITMIME\r\n")
            elif verb == b"DATA":
                # What follows 354 begins behind a line's end.
                self.in_message, self.heard = True, b"\r\n" + self.heard
                words.append(b"354 go on\r\n")
            elif verb == b"QUIT":
                words.append(b"221 2.0.0 bye\r\n")
            else:
                words.append(b"250 2.0.0 fine\r\n")
        if words:
            self.say(b"".join(words))


async def main(port, milliseconds):
    server = await asyncio.get_running_loop().create_server(lambda: Distant(milliseconds / 1000), "127.0.0.1", port)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), float(sys.argv[2])))
