"""Takes in the traffic of a load: prints its port as soon as it listens, and at the end how many bytes came.

Run as PROTOCOL SECONDS. It ends after that time, and with its input.
"""

from __future__ import annotations

import os
import select
import socket
import sys
import threading
import time

PIECE = 1 << 16


class Sink:
    """One datagram socket, or a listening one with all that connect to it: a source may have to connect again."""

    def __init__(self, protocol: str) -> None:
        kind = socket.SOCK_STREAM if protocol == "tcp" else socket.SOCK_DGRAM
        self._door = socket.socket(socket.AF_INET, kind)
        self._door.bind(("", 0))
        self._open = {self._door}
        self._listens = protocol == "tcp"
        if self._listens:
            self._door.listen()
        self.taken = 0
        self.port: int = self._door.getsockname()[1]

    def take(self, until: float) -> None:
        """Take in what comes until that time of the monotonic clock."""
        while (left := until - time.monotonic()) > 0:
            for one in select.select(self._open, (), (), left)[0]:
                if one is self._door and self._listens:
                    self._open.add(self._door.accept()[0])
                else:
                    self._take_from(one)

    def _take_from(self, one: socket.socket) -> None:
        try:
            taken = len(one.recv(PIECE))
        except OSError:
            taken = 0
        self.taken += taken
        if not taken and one is not self._door:
            self._open.remove(one)
            one.close()


def main(protocol: str, seconds: str) -> None:
    sink = Sink(protocol)

    def finish() -> None:
        os.write(1, b"%d\n" % sink.taken)
        os._exit(0)

    def end_with_input() -> None:
        os.read(0, 1)
        finish()

    os.write(1, b"%d\n" % sink.port)
    threading.Thread(target=end_with_input, daemon=True).start()
    sink.take(time.monotonic() + float(seconds))
    finish()


if __name__ == "__main__":
    main(*sys.argv[1:])
