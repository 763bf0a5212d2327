"""Sends the traffic of a load: prints `sending` as it begins, and at the end how many bytes it has sent.

Run as PROTOCOL ADDRESS PORT SECONDS BITS_PER_SECOND CONGESTION, the rate 0 for all that TCP gets. Of congestion
controls, with commas between them, it takes the first that can be had, and says so behind `sending`. It ends after that
time, and with its input; by itself it ends with an error only where TCP never got a connection, or no such control.

The kernel lets only NET_ADMIN choose a congestion control that its administrator has not listed (tcp(7), TCP_CONGESTION
and tcp_allowed_congestion_control). Of what it was started with, that is all that is kept, and as a user of its own.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import socket
import struct
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

DATAGRAM = 1200
STAMP = struct.Struct("!d")
PIECE = 1 << 16
BEHIND_S = 0.1
"""Who was kept from sending for longer does not make up for it with a burst."""
AGAIN_S = 0.2
CONNECT_S = 3.0
FINISH_S = 0.2
AT_ONCE = struct.pack("ii", 1, 0)
"""As SO_LINGER: what still waits when a connection is closed is thrown away, for it may be seconds of traffic."""

USER = 65313
"""One that nobody else is."""
NET_ADMIN = 12
_KEEPCAPS, _CAPBSET_DROP, _SETPCAP, _NO_NEW_PRIVS, _DUMPABLE = 8, 24, 8, 38, 4
_CAPABILITIES, _VERSION_3 = 64, 0x20080522
AVAILABLE = Path("/proc/sys/net/ipv4/tcp_available_congestion_control")

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


def keep_net_admin() -> None:
    """Run as a user of our own from now on, with that capability alone, and no one to look inside.

    What was not started as root, or may not change, has nothing to lose.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_DUMPABLE, 0, 0, 0, 0)
    libc.prctl(_KEEPCAPS, 1, 0, 0, 0)
    for number in range(_CAPABILITIES):
        libc.prctl(_CAPBSET_DROP, number, 0, 0, 0)
    with contextlib.suppress(PermissionError):
        os.setgroups([])
        os.setresgid(USER, USER, USER)
        os.setresuid(USER, USER, USER)
    libc.prctl(_NO_NEW_PRIVS, 1, 0, 0, 0)
    header = struct.pack("Ii", _VERSION_3, 0)
    libc.capset(header, struct.pack("6I", 1 << NET_ADMIN, 1 << NET_ADMIN, 0, 0, 0, 0))
    libc.prctl(_DUMPABLE, 0, 0, 0, 0)


def first_control(names: Sequence[str]) -> str | None:
    """The first of these congestion controls that can be had here; None where none can."""
    for name in names:
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as tried, contextlib.suppress(OSError):
            tried.setsockopt(socket.IPPROTO_TCP, socket.TCP_CONGESTION, name.encode())
            return name
    return None


class Source:
    """Where the traffic goes, and what was sent."""

    def __init__(self, address: str, port: int, until: float, bps: float, control: str = "") -> None:
        self._target = (address, port)
        self._control = control.encode()
        self._until = until
        self._bps = bps
        self.sent = 0
        self.counting = threading.Lock()
        """Held while a datagram is sent and counted: who holds it sees the count of all that were sent."""

    def udp(self) -> None:
        """Datagrams of one size, each with its time at the front. What the network refuses is lost, as what it drops.

        All containers of an engine share one monotonic clock.
        """
        sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        filling = os.urandom(DATAGRAM - STAMP.size)
        for _ in paced(DATAGRAM, self._bps, self._until):
            with self.counting, contextlib.suppress(OSError):
                self.sent += sender.sendto(STAMP.pack(time.monotonic()) + filling, self._target)

    def tcp(self) -> None:
        """One connection, and another where it breaks. Raises OSError where there never was one."""
        met: OSError | None = None
        while (left := self._until - time.monotonic()) > 0:
            try:
                with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as connection:
                    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_CONGESTION, self._control)
                    connection.settimeout(min(CONNECT_S, left))
                    connection.connect(self._target)
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


def main(protocol: str, address: str, port: str, seconds: str, bps: str, congestion: str) -> None:
    keep_net_admin()
    control = first_control(congestion.split(",")) if protocol == "tcp" else ""
    if control is None:
        there = ", ".join(AVAILABLE.read_text().split()) if AVAILABLE.exists() else "none that is known"
        sys.exit(f"the congestion control {congestion} cannot be had; this kernel has: {there}")
    source = Source(address, int(port), time.monotonic() + float(seconds), float(bps), control)

    def finish() -> None:
        source.counting.acquire(timeout=FINISH_S)  # and kept: nothing more is sent
        os.write(1, b"%d\n" % source.sent)
        os._exit(0)

    def end_with_input() -> None:
        os.read(0, 1)
        finish()

    os.write(1, f"sending {control}\n".encode())
    threading.Thread(target=end_with_input, daemon=True).start()
    try:
        source.tcp() if protocol == "tcp" else source.udp()
    except OSError as error:
        sys.exit(f"no connection to {address}:{port}: {error}")
    finish()


if __name__ == "__main__":
    main(*sys.argv[1:])
