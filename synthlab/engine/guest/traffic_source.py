"""Sends competing traffic: prints `sending CONTROL` when it starts, and at the end the number of bytes sent.

Run as PROTOCOL ADDRESS PORT SECONDS BITS_PER_SECOND CONGESTION. A rate of 0 is as fast as TCP allows. CONGESTION is a
comma-separated list of congestion controls; the first available one is used. It exits after that time, or at end of
input. It fails only if TCP never connects, or if no congestion control of the list is available.

The kernel requires NET_ADMIN for a congestion control that its administrator has not listed (tcp(7), TCP_CONGESTION
and tcp_allowed_congestion_control). So that is the one capability it keeps, under a user id used by nobody else.
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
"""A sender delayed by more than this skips the rest instead of catching up in a burst."""
AGAIN_S = 0.2
CONNECT_S = 3.0
FINISH_S = 0.2
AT_ONCE = struct.pack("ii", 1, 0)
"""SO_LINGER that discards unsent data on close: it may be seconds of traffic."""

USER = 65313
"""A user id used by nobody else."""
NET_ADMIN = 12
_KEEPCAPS, _CAPBSET_DROP, _SETPCAP, _NO_NEW_PRIVS, _DUMPABLE = 8, 24, 8, 38, 4
_CAPABILITIES, _VERSION_3 = 64, 0x20080522
AVAILABLE = Path("/proc/sys/net/ipv4/tcp_available_congestion_control")

ReadSeconds = Callable[[], float]


def paced(
    size: int, bps: float, until: float, now: ReadSeconds = time.monotonic, sleep: Callable[[float], None] = time.sleep
) -> Iterator[float]:
    """Yield whenever a piece of `size` bytes is due: on a fixed schedule, so that one late piece delays no other.

    With `bps` 0, yield without waiting.
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
    """Become our own user with NET_ADMIN alone, which no other user can trace.

    Started without root, or without the right to change users, there is nothing to drop.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_DUMPABLE, 0, 0, 0, 0)
    # Without this, the change of user id would drop NET_ADMIN with all other capabilities (capabilities(7)).
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
    """The first of these congestion controls that is available here, or None."""
    for name in names:
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe, contextlib.suppress(OSError):
            probe.setsockopt(socket.IPPROTO_TCP, socket.TCP_CONGESTION, name.encode())
            return name
    return None


class Source:
    """Sends to one target until `until`, a time of the monotonic clock, and counts the bytes."""

    def __init__(self, address: str, port: int, until: float, bps: float, control: str = "") -> None:
        self._target = (address, port)
        self._family = socket.AF_INET6 if ":" in address else socket.AF_INET
        self._control = control.encode()
        self._until = until
        self._bps = bps
        self.sent = 0
        self.counting = threading.Lock()
        """Held while a datagram is sent and counted, so that its holder sees an exact count."""

    def udp(self) -> None:
        """Send datagrams of DATAGRAM bytes, each with its send time at the front.

        Those the kernel refuses count as lost in the network. All containers of an engine share one monotonic clock.
        """
        sender = socket.socket(self._family, socket.SOCK_DGRAM)
        filling = os.urandom(DATAGRAM - STAMP.size)
        for _ in paced(DATAGRAM, self._bps, self._until):
            with self.counting, contextlib.suppress(OSError):
                self.sent += sender.sendto(STAMP.pack(time.monotonic()) + filling, self._target)

    def tcp(self) -> None:
        """Send over one connection, reconnecting if it breaks. Raises OSError if nothing was ever sent."""
        failure: OSError | None = None
        while (left := self._until - time.monotonic()) > 0:
            try:
                with socket.socket(self._family, socket.SOCK_STREAM) as connection:
                    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_CONGESTION, self._control)
                    connection.settimeout(min(CONNECT_S, left))
                    connection.connect(self._target)
                    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, AT_ONCE)
                    self._stream(connection)
            except OSError as error:
                failure = error
                time.sleep(max(0.0, min(AGAIN_S, self._until - time.monotonic())))
        if failure and not self.sent:
            raise failure

    def _stream(self, connection: socket.socket) -> None:
        # About 5 ms of the rate: at a low one, a whole PIECE would be a burst of seconds.
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
        available = ", ".join(AVAILABLE.read_text().split()) if AVAILABLE.exists() else "unknown"
        sys.exit(f"congestion control {congestion} is not available; this kernel has: {available}")
    source = Source(address, int(port), time.monotonic() + float(seconds), float(bps), control)

    def finish() -> None:
        source.counting.acquire(timeout=FINISH_S)  # never released: no datagram goes out after the count
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
