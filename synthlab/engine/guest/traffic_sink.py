"""Takes in the traffic of competing traffic: prints its port as soon as it listens, and at the end how many bytes came.

Run as PROTOCOL SECONDS. It ends after that time, and with its input.
"""

from __future__ import annotations

import os
import select
import socket
import sys
import time
from typing import Any

PIECE = 1 << 16
DRAIN_S = 0.1  # so long at the most it takes in what has come by the end already


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

    def take(self, until: float, end: int) -> None:
        """Take in what comes until that time of the monotonic clock, or until the file `end` can be read.

        What has come by then, and is still in the sockets, is taken in too.
        """
        while (left := until - time.monotonic()) > 0:
            watched: list[Any] = [*self._open, end]
            ready = select.select(watched, (), (), left)[0]
            if end in ready:
                break
            self._serve(ready)
        last = time.monotonic() + DRAIN_S
        while (ready := select.select(self._open, (), (), 0)[0]) and time.monotonic() < last:
            self._serve(ready)

    def _serve(self, ready: list[socket.socket]) -> None:
        for one in ready:
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
    os.write(1, b"%d\n" % sink.port)
    sink.take(time.monotonic() + float(seconds), sys.stdin.fileno())
    os.write(1, b"%d\n" % sink.taken)


if __name__ == "__main__":
    main(*sys.argv[1:])
