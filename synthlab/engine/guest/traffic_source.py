"""Sends competing traffic: prints `sending CONTROL` when it starts, and at the end the number of bytes sent.

Run with a line of JSON as its input: `protocol`, `address`, `ports` (of each flow), `seconds`, `bps` (of each flow; 0
is as fast as TCP allows), `congestion` (a list; the first available one is used) and `flows`, the transfers of each
flow. A transfer begins `at` seconds from the start, or `after` the end of the one before. It ends `until`, after `size`
bytes, or when all `files` (bytes of each, each over its own connection) have arrived. It exits after `seconds`, or at
end of input. It fails only if TCP never connects, or if no congestion control of the list is available.

The kernel requires NET_ADMIN for a congestion control that its administrator has not listed (tcp(7), TCP_CONGESTION
and tcp_allowed_congestion_control). So that is the one capability it keeps, under a user id used by nobody else.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import math
import os
import socket
import struct
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

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
TCP_NOTSENT_LOWAT = 25
MOST_UNSENT = 1 << 14
"""Bytes that the kernel takes beyond those in flight: what it has taken is sent after a transfer is over, too."""

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
            return probe.getsockopt(socket.IPPROTO_TCP, socket.TCP_CONGESTION, 16).rstrip(b"\0").decode()
    return None


def together(calls: Sequence[Callable[[], None]]) -> None:
    threads = [threading.Thread(target=call, daemon=True) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


class Sent:
    """The bytes that all flows have sent, and the last failure. `lock` is held while a datagram is sent and counted."""

    def __init__(self) -> None:
        self.bytes = 0
        self.lock = threading.Lock()
        self.failure: OSError | None = None


class Sender:
    """Sends the transfers of one flow, one after the other, to one port of what is `asked`, and adds to `sent`.

    Times are of the monotonic clock, which all containers of an engine share. `control` is TCP's congestion control.
    """

    def __init__(self, asked: Mapping[str, Any], port: int, begins: float, control: str, sent: Sent) -> None:
        self.target = (asked["address"], port)
        self.family = socket.AF_INET6 if ":" in asked["address"] else socket.AF_INET
        self.begins, self.ends, self.bps = begins, begins + asked["seconds"], asked["bps"]
        self.control = control.encode()
        self.connection: socket.socket | None = None
        self.sent = sent

    def run(self, transfers: Sequence[Mapping[str, Any]]) -> None:
        over = self.begins
        for transfer in transfers:
            starts = self.begins + transfer["at"] if "at" in transfer else over + transfer["after"]
            time.sleep(max(0.0, min(starts, self.ends) - time.monotonic()))
            if time.monotonic() >= self.ends:
                return
            self.transfer(transfer, min(self.ends, self.begins + transfer.get("until", math.inf)))
            over = time.monotonic()

    def transfer(self, transfer: Mapping[str, Any], until: float) -> None:
        raise NotImplementedError


class UdpSender(Sender):
    """Sends datagrams of DATAGRAM bytes, each with its send time at the front.

    Those the kernel refuses count as lost in the network.
    """

    def transfer(self, transfer: Mapping[str, Any], until: float) -> None:
        filling = os.urandom(DATAGRAM - STAMP.size)
        with socket.socket(self.family, socket.SOCK_DGRAM) as sender:
            for _ in paced(DATAGRAM, self.bps, until):
                with self.sent.lock, contextlib.suppress(OSError):
                    self.sent.bytes += sender.sendto(STAMP.pack(time.monotonic()) + filling, self.target)


class TcpSender(Sender):
    """Keeps one connection for all transfers but files, and connects again if it breaks."""

    def transfer(self, transfer: Mapping[str, Any], until: float) -> None:
        if "files" in transfer:
            together([partial(self.file, size) for size in transfer["files"]])
            return
        left: float = transfer.get("size", math.inf)
        while left and time.monotonic() < until:
            try:
                self.connection = self.connection or self.connected()
                left -= self.stream(self.connection, until, left)
            except OSError as error:
                self.sent.failure = error
                self.connection = None
                time.sleep(max(0.0, min(AGAIN_S, until - time.monotonic())))

    def connected(self) -> socket.socket:
        connection = socket.socket(self.family, socket.SOCK_STREAM)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_CONGESTION, self.control)
        connection.setsockopt(socket.IPPROTO_TCP, TCP_NOTSENT_LOWAT, MOST_UNSENT)
        connection.settimeout(max(0.001, min(CONNECT_S, self.ends - time.monotonic())))
        connection.connect(self.target)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, AT_ONCE)
        return connection

    def stream(self, connection: socket.socket, until: float, most: float) -> float:
        """Send up to `most` bytes until a time; returns how many were sent."""
        # About 5 ms of the rate: at a low one, a whole PIECE would be a burst of seconds.
        size = min(PIECE, max(DATAGRAM, int(self.bps / 8 * 0.005))) if self.bps else PIECE
        data, done = os.urandom(size), 0
        for _ in paced(size, self.bps, until):
            rest = memoryview(data)[: int(min(size, most - done))]
            while rest:
                connection.settimeout(max(0.001, until - time.monotonic()))
                try:
                    count = connection.send(rest)
                except TimeoutError:
                    return done
                with self.sent.lock:
                    self.sent.bytes += count
                done += count
                rest = rest[count:]
            if done >= most:
                break
        return done

    def file(self, size: int) -> None:
        """Send a file over a connection of its own, and wait until it has arrived."""
        try:
            with self.connected() as connection:
                self.stream(connection, self.ends, size)
                connection.shutdown(socket.SHUT_WR)
                connection.settimeout(max(0.001, self.ends - time.monotonic()))
                connection.recv(1)  # the end, once the receiver has read everything
        except OSError as error:
            self.sent.failure = error


def main() -> None:
    keep_net_admin()
    asked = json.loads(sys.stdin.buffer.readline())
    kind = TcpSender if asked["protocol"] == "tcp" else UdpSender
    control = first_control(asked["congestion"]) if kind is TcpSender else ""
    if control is None:
        available = ", ".join(AVAILABLE.read_text().split()) if AVAILABLE.exists() else "unknown"
        sys.exit(f"congestion control {', '.join(asked['congestion'])} is not available; this kernel has: {available}")
    sent, begins = Sent(), time.monotonic()
    senders = [kind(asked, port, begins, control, sent) for port in asked["ports"]]

    def finish() -> None:
        sent.lock.acquire(timeout=FINISH_S)  # never released: no datagram goes out after the count
        os.write(1, b"%d\n" % sent.bytes)
        os._exit(0)

    def end_with_input() -> None:
        os.read(0, 1)
        finish()

    os.write(1, f"sending {control}\n".encode())
    threading.Thread(target=end_with_input, daemon=True).start()
    together([partial(sender.run, transfers) for sender, transfers in zip(senders, asked["flows"], strict=True)])
    if sent.failure and not sent.bytes:
        sys.exit(f"no connection to {asked['address']}: {sent.failure}")
    finish()


if __name__ == "__main__":
    main()
