"""Receives competing traffic: prints the port of each flow once it listens, then what it has received.

Run as PROTOCOL FLOWS SECONDS. Every REPORT_S it prints a line of JSON: `at_s`, by the monotonic clock, and the `bytes`
of each flow so far. It exits after that time, or at end of input; the last line has delay and rate of datagrams, too.
"""

from __future__ import annotations

import json
import os
import selectors
import socket
import struct
import sys
import time
from collections.abc import Callable

PIECE = 1 << 16
REPORT_S = 0.2
DRAIN_S = 0.1  # limit for reading what has already arrived by the end
STAMP = struct.Struct("!d")
HEADERS, HEADERS_IPV6 = 14 + 20 + 8, 14 + 40 + 8
"""Ethernet, IP and UDP: a rate counts whole frames."""
MAPPED = "::ffff:"
"""How a socket for both protocols writes an IPv4 address."""
MOST_DELAYS = 10_000

Report = dict[str, "float | list[int] | None"]


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
    """For each flow a datagram socket, or a listening socket with its connections: a source may reconnect."""

    def __init__(self, protocol: str, flows: int) -> None:
        self._listens = protocol == "tcp"
        self._selector = selectors.DefaultSelector()
        self._arrivals = Arrivals()
        self.ports: list[int] = []
        self.taken = [0] * flows
        for flow in range(flows):
            mouth = _bound(socket.SOCK_STREAM if self._listens else socket.SOCK_DGRAM)
            if self._listens:
                mouth.listen()
            self.ports.append(mouth.getsockname()[1])
            self._selector.register(mouth, selectors.EVENT_READ, (flow, self._accept if self._listens else self._take))

    def run(self, until: float, end: int, progress: Callable[[Report], None]) -> None:
        """Receive until that time of the monotonic clock, or until the file descriptor `end` is readable.

        What is then still in the socket buffers counts too.
        """
        self._selector.register(end, selectors.EVENT_READ)
        next_s = time.monotonic()
        while (now := time.monotonic()) < until:
            if now >= next_s:
                progress(self.report())
                next_s = max(next_s + REPORT_S, now)
            if self._serve(min(until, next_s) - now, end):
                break
        self._selector.unregister(end)
        last = time.monotonic() + DRAIN_S
        while self._selector.select(0) and time.monotonic() < last:
            self._serve(0, end)

    def report(self) -> Report:
        """Bytes received so far of each flow, without headers."""
        return {"at_s": time.monotonic(), "bytes": self.taken}

    def summary(self) -> Report:
        """The report, and of datagrams their delay and rate."""
        return {**self.report(), **self._arrivals.summary()}

    def _serve(self, most_s: float, end: int) -> bool:
        """Read from what is ready; returns whether `end` is."""
        ready = [key for key, _ in self._selector.select(max(0.0, most_s))]
        for key in ready:
            if key.data:
                flow, serve = key.data
                serve(flow, key.fileobj)
        return any(key.fd == end for key in ready)

    def _accept(self, flow: int, mouth: socket.socket) -> None:
        self._selector.register(mouth.accept()[0], selectors.EVENT_READ, (flow, self._take))

    def _take(self, flow: int, source: socket.socket) -> None:
        try:
            data, sender = source.recvfrom(PIECE)
        except OSError:
            data, sender = b"", None
        self.taken[flow] += len(data)
        if not self._listens and len(data) >= STAMP.size:
            address = sender[0] if sender else ""
            over_6 = ":" in address and not address.startswith(MAPPED)
            self._arrivals.note(data, time.monotonic(), HEADERS_IPV6 if over_6 else HEADERS)
        # Only for a connection does an empty read mean its end: a datagram may be empty.
        if not data and self._listens:
            self._selector.unregister(source)
            source.close()


def _bound(kind: int) -> socket.socket:
    """A socket for both versions of IP where there are two, on any port."""
    both = socket.has_dualstack_ipv6()
    bound = socket.socket(socket.AF_INET6 if both else socket.AF_INET, kind)
    if both:
        bound.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
    bound.bind(("", 0))
    return bound


def main(protocol: str, flows: str, seconds: str) -> None:
    sink = Sink(protocol, int(flows))
    os.write(1, f"{' '.join(map(str, sink.ports))}\n".encode())
    sink.run(
        time.monotonic() + float(seconds), sys.stdin.fileno(), lambda report: print(json.dumps(report), flush=True)
    )
    print(json.dumps(sink.summary()))


if __name__ == "__main__":
    main(*sys.argv[1:])
