"""An SMTP server that counts copies: `python3 counting_sink.py PORT_FILE COPIES_FILE`.

Each message it takes responsibility for is a line of COPIES_FILE, written before its 250 leaves: `recipient Message-ID`.
A message counts from its final dot on, whether its sender lives to see the answer or not.
"""

import asyncio
import os
import re
import sys

port_file, copies_file = sys.argv[1], sys.argv[2]
copies = open(copies_file, "a", buffering=1)


async def converse(reader, writer):
    recipient = None
    try:
        writer.write(b"220 sink\r\n")
        while line := await reader.readline():
            verb = line[:4].upper()
            if verb == b"EHLO":
                writer.write(b"250-sink\r\n250-PIPELINING\r\n250 ENHANCEDSTATUSCODES\r\n")
            elif verb == b"RCPT":
                recipient = re.search(rb"<([^>]*)>", line)[1].decode()
                writer.write(b"250 2.1.5 fine\r\n")
            elif verb == b"DATA":
                writer.write(b"354 go on\r\n")
                message_id = b""
                while (line := await reader.readline()) != b".\r\n":
                    if not line:
                        return
                    if line.startswith(b"Message-ID:"):
                        message_id = line[11:].strip()
                copies.write(f"{recipient} {message_id.decode()}\n")
                # A round trip's time to a server that is not next door.
                await asyncio.sleep(0.0005)
                writer.write(b"250 2.0.0 kept\r\n")
            elif verb == b"QUIT":
                writer.write(b"221 2.0.0 bye\r\n")
                return
            else:
                writer.write(b"250 2.0.0 fine\r\n")
    except ConnectionError:
        pass
    finally:
        writer.close()


async def main():
    server = await asyncio.start_server(converse, "127.0.0.1", 0, limit=1 << 20)
    with open(port_file + ".new", "w") as file:
        file.write(str(server.sockets[0].getsockname()[1]))
    os.rename(port_file + ".new", port_file)
    await server.serve_forever()


asyncio.run(main())
