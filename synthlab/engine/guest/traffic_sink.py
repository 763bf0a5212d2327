"""Receives competing traffic: prints its port once it listens, and at the end what it received, as JSON.

Run as PROTOCOL SECONDS. It exits after that time, or at end of input.
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
DRAIN_S = 0.1  # limit for reading what has already arrived by the end
STAMP = struct.Struct("!d")
HEADERS, HEADERS_IPV6 = 14 + 20 + 8, 14 + 40 + 8
"""Ethernet, IP and UDP: a rate counts whole frames."""
MAPPED = "::ffff:"
"""How a socket for both protocols writes an IPv4 address."""
MOST_DELAYS = 10_000


class Arrivals:
    """Delay and rate of stamped datagrams."""

    def __init__(self) -> None:
        self._first_s = self._last_s = 0.0
        self._octets = 0
        self._delays_ms: list[float] = []

    def note(self, data: bytes, now_s: float, headers: int = HEADERS) -> None:
        """One arrived, at this time of the monotonic clock. The rate's span starts at the first, after its bits."""
        if self._delays_ms:
            self._octets += len(data) + headers
        self._first_s, self._last_s = self._first_s or now_s, now_s
        if len(self._delays_ms) < MOST_DELAYS:
            self._delays_ms.append((now_s - STAMP.unpack_from(data)[0]) * 1000)

    def summary(self) -> dict[str, float | None]:
        """The median delay of the first MOST_DELAYS, and the rate of the frames; None where too few arrived."""
        span_s = self._last_s - self._first_s
        delays = sorted(self._delays_ms)
        return {
            "delay_p50_ms": delays[len(delays) // 2] if delays else None,
            "rate_bps": self._octets * 8 / span_s if span_s else None,
        }


class Sink:
    """One datagram socket, or a listening socket with its connections: a source may reconnect."""

    def __init__(self, protocol: str) -> None:
        kind = socket.SOCK_STREAM if protocol == "tcp" else socket.SOCK_DGRAM
        both = socket.has_dualstack_ipv6()
        self._main = socket.socket(socket.AF_INET6 if both else socket.AF_INET, kind)
        if both:
            self._main.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        self._main.bind(("", 0))
        self._open = {self._main}
        self._listens = protocol == "tcp"
        if self._listens:
            self._main.listen()
        self._arrivals = Arrivals()
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
            data, sender = source.recvfrom(PIECE)
        except OSError:
            data, sender = b"", None
        self.taken += len(data)
        if not self._listens and len(data) >= STAMP.size:
            address = sender[0] if sender else ""
            over_6 = ":" in address and not address.startswith(MAPPED)
            self._arrivals.note(data, time.monotonic(), HEADERS_IPV6 if over_6 else HEADERS)
        # Only for a connection does an empty read mean its end: a datagram may be empty.
        if not data and source is not self._main:
            self._open.remove(source)
            source.close()

    def summary(self) -> dict[str, float | None]:
        """Bytes received, without headers; of datagrams also their delay and rate."""
        return {"bytes": self.taken, **self._arrivals.summary()}


def main(protocol: str, seconds: str) -> None:
    sink = Sink(protocol)
    os.write(1, b"%d\n" % sink.port)
    sink.take(time.monotonic() + float(seconds), sys.stdin.fileno())
    print(json.dumps(sink.summary()))


if __name__ == "__main__":
    main(*sys.argv[1:])
