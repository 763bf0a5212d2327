"""Sends the traffic of a load: prints `sending` as it begins, and at the end how many bytes it has sent.

Run as PROTOCOL ADDRESS PORT SECONDS BITS_PER_SECOND, the last 0 for all that TCP gets. It ends after that time, and
with its input; by itself it ends with an error only where TCP never got a connection.
"""

from __future__ import annotations

import contextlib
import os
import socket
import struct
import sys
import threading
import time
from collections.abc import Callable, Iterator

DATAGRAM = 1200
PIECE = 1 << 16
BEHIND_S = 0.1
"""Who was kept from sending for longer does not make up for it with a burst."""
AGAIN_S = 0.2
CONNECT_S = 3.0
FINISH_S = 0.2
AT_ONCE = struct.pack("ii", 1, 0)
"""As SO_LINGER: what still waits when a connection is closed is thrown away, for it may be seconds of traffic."""

Clock = Callable[[], float]


def paced(
    size: int, bps: float, until: float, now: Clock = time.monotonic, sleep: Callable[[float], None] = time.sleep
) -> Iterator[float]:
    """Comes back whenever a piece of `size` bytes is to be sent: at fixed times, so that a late one delays no other.

    Without a rate always at once.
    """
    due = now()
    while (present := now()) < until:
        if bps:
            due = max(due, present - BEHIND_S)
            if due >= until:
                sleep(max(0.0, until - present))
                return
            if due > present:
                sleep(due - present)
        yield due
        due += size * 8 / bps if bps else 0.0


class Source:
    """Where the traffic goes, and what was sent."""

    def __init__(self, address: str, port: int, until: float, bps: float) -> None:
        self._target = (address, port)
        self._until = until
        self._bps = bps
        self.sent = 0
        self.counting = threading.Lock()
        """Held while a datagram is sent and counted: who holds it sees the count of all that were sent."""

    def udp(self) -> None:
        """Datagrams of one size. What the network refuses is lost, as what it drops."""
        sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        data = os.urandom(DATAGRAM)
        for _ in paced(DATAGRAM, self._bps, self._until):
            with self.counting, contextlib.suppress(OSError):
                self.sent += sender.sendto(data, self._target)

    def tcp(self) -> None:
        """One connection, and another where it breaks. Raises OSError where there never was one."""
        met: OSError | None = None
        while (left := self._until - time.monotonic()) > 0:
            try:
                with socket.create_connection(self._target, min(CONNECT_S, left)) as connection:
                    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, AT_ONCE)
                    self._stream(connection)
            except OSError as error:
                met = error
                time.sleep(max(0.0, min(AGAIN_S, self._until - time.monotonic())))
        if met and not self.sent:
            raise met

    def _stream(self, connection: socket.socket) -> None:
        size = min(PIECE, max(DATAGRAM, int(self._bps / 8 * 0.005))) if self._bps else PIECE
        data = os.urandom(size)
        for _ in paced(size, self._bps, self._until):
            rest = memoryview(data)
            while rest:
                connection.settimeout(max(0.001, self._until - time.monotonic()))
                count = connection.send(rest)
                self.sent += count
                rest = rest[count:]


def main(protocol: str, address: str, port: str, seconds: str, bps: str) -> None:
    source = Source(address, int(port), time.monotonic() + float(seconds), float(bps))

    def finish() -> None:
        source.counting.acquire(timeout=FINISH_S)  # and kept: nothing more is sent
        os.write(1, b"%d\n" % source.sent)
        os._exit(0)

    def end_with_input() -> None:
        os.read(0, 1)
        finish()

    os.write(1, b"sending\n")
    threading.Thread(target=end_with_input, daemon=True).start()
    try:
        source.tcp() if protocol == "tcp" else source.udp()
    except OSError as error:
        sys.exit(f"no connection to {address}:{port}: {error}")
    finish()


if __name__ == "__main__":
    main(*sys.argv[1:])
