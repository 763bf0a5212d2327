"""Takes in the traffic of a load: prints its port as soon as it listens, and at the end what came, in JSON.

Run as PROTOCOL SECONDS. It ends after that time, and with its input.
"""

from __future__ import annotations

import json
import os
import select
import socket
import struct
import sys
import time
from typing import Any

PIECE = 1 << 16
DRAIN_S = 0.1  # so long at the most it takes in what has come by the end already
STAMP = struct.Struct("!d")
HEADERS = 14 + 20 + 8
"""Ethernet, IPv4 and UDP: a rate counts the frame."""
MOST_DELAYS = 10_000


class Arrivals:
    """How late stamped datagrams came, and at which rate."""

    def __init__(self) -> None:
        self._first_s = self._last_s = 0.0
        self._octets = 0
        self._delays_ms: list[float] = []

    def note(self, data: bytes, now_s: float) -> None:
        """One came at this time of the monotonic clock. The first one's own bits came before its arrival."""
        if self._delays_ms:
            self._octets += len(data) + HEADERS
        self._first_s, self._last_s = self._first_s or now_s, now_s
        if len(self._delays_ms) < MOST_DELAYS:
            self._delays_ms.append((now_s - STAMP.unpack_from(data)[0]) * 1000)

    def summary(self) -> dict[str, float | None]:
        """The median delay of the first ones, and the rate of the frames; None where too few came."""
        span_s = self._last_s - self._first_s
        delays = sorted(self._delays_ms)
        return {
            "delay_p50_ms": delays[len(delays) // 2] if delays else None,
            "rate_bps": self._octets * 8 / span_s if span_s else None,
        }


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
        self._arrivals = Arrivals()
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
            data = one.recv(PIECE)
        except OSError:
            data = b""
        self.taken += len(data)
        if not self._listens and len(data) >= STAMP.size:
            self._arrivals.note(data, time.monotonic())
        if not data and one is not self._door:
            self._open.remove(one)
            one.close()

    def summary(self) -> dict[str, float | None]:
        """What came: bytes without headers, and of datagrams their delay and rate."""
        return {"bytes": self.taken, **self._arrivals.summary()}


def main(protocol: str, seconds: str) -> None:
    sink = Sink(protocol)
    os.write(1, b"%d\n" % sink.port)
    sink.take(time.monotonic() + float(seconds), sys.stdin.fileno())
    print(json.dumps(sink.summary()))


if __name__ == "__main__":
    main(*sys.argv[1:])
