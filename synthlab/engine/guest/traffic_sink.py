"""Receives competing traffic: prints its port once it listens, and at the end the number of bytes received.

Run as PROTOCOL SECONDS. It exits after that time, or at end of input.
"""

from __future__ import annotations

import os
import select
import socket
import sys
import time
from typing import Any

PIECE = 1 << 16
DRAIN_S = 0.1  # limit for reading what has already arrived by the end


class Sink:
    """One datagram socket, or a listening socket with its connections: a source may reconnect."""

    def __init__(self, protocol: str) -> None:
        kind = socket.SOCK_STREAM if protocol == "tcp" else socket.SOCK_DGRAM
        self._main = socket.socket(socket.AF_INET, kind)
        self._main.bind(("", 0))
        self._open = {self._main}
        self._listens = protocol == "tcp"
        if self._listens:
            self._main.listen()
        self.taken = 0
        self.port: int = self._main.getsockname()[1]

    def take(self, until: float, end: int) -> None:
        """Receive until that time of the monotonic clock, or until the file descriptor `end` is readable.

        What is then still in the socket buffers counts too.
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
        for source in ready:
            if source is self._main and self._listens:
                self._open.add(self._main.accept()[0])
            else:
                self._take_from(source)

    def _take_from(self, source: socket.socket) -> None:
        try:
            taken = len(source.recv(PIECE))
        except OSError:
            taken = 0
        self.taken += taken
        if not taken and source is not self._main:
            self._open.remove(source)
            source.close()


def main(protocol: str, seconds: str) -> None:
    sink = Sink(protocol)
    os.write(1, b"%d\n" % sink.port)
    sink.take(time.monotonic() + float(seconds), sys.stdin.fileno())
    os.write(1, b"%d\n" % sink.taken)


if __name__ == "__main__":
    main(*sys.argv[1:])
