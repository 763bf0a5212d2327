"""Sends numbered datagrams and captures them at both ends, with kernel timestamps from one clock."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from struct import Struct, unpack
from typing import NamedTuple

from tests.syntheticnet.veth.world import ADDRESSES, Side

from .pacer import pace
from .testbed import Testbed

PORT = 5201
HEADERS = 42  # Ethernet, IPv4 and UDP
SMALL = 64 + HEADERS
FULL = 1514  # a full-size frame, as rates count it

_NUMBERED = Struct("!4sI")
_MAGIC = b"SYNB"
_IP_UDP = 28
_ETH_P_ALL = 3
_SO_TIMESTAMPNS, _SO_RCVBUFFORCE = 35, 33
_SOL_PACKET, _PACKET_STATISTICS = 263, 6
_ROOM = 512 << 20


class Passed(NamedTuple):
    """One numbered datagram and when the kernel saw it (ns of CLOCK_REALTIME)."""

    number: int
    stamp: int


class Watch:
    """A packet socket at one side; buffers everything and is read after the traffic, so as not to disturb it."""

    def __init__(self, testbed: Testbed, side: Side) -> None:
        with testbed.inside(side):
            self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, 0)
        self._socket.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, _ROOM)
        self._socket.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
        self._socket.setblocking(False)
        with testbed.inside(side):
            self._socket.bind(("eth0", _ETH_P_ALL))

    def read(self) -> list[Passed]:
        """The numbered datagrams captured, in order."""
        taken = []
        with suppress(BlockingIOError):
            while True:
                packet, ancillary, _, _ = self._socket.recvmsg(64, 64)
                number = parsed(packet)
                if number is not None:
                    taken.append(Passed(number, _stamp(ancillary)))
        return taken

    def missed(self) -> int:
        """Number of packets that overflowed the buffer since the last call."""
        return int(unpack("II", self._socket.getsockopt(_SOL_PACKET, _PACKET_STATISTICS, 8))[1])

    def close(self) -> None:
        self._socket.close()


@contextmanager
def watched(testbed: Testbed, side: Side) -> Iterator[Watch]:
    watch = Watch(testbed, side)
    try:
        yield watch
    finally:
        watch.close()


@dataclass(frozen=True)
class Sent:
    """Datagrams sent, datagrams the kernel rejected, and the rate achieved."""

    count: int
    refused: int
    per_second: float


def send(
    testbed: Testbed, count: int, per_second: float, frame: int = SMALL, linger_s: float = 0.2, hurried: bool = False
) -> Sent:
    """Send numbered datagrams from client to server in frames of `frame` bytes, at a steady pace.

    A `hurried` sender catches up when late. Waits `linger_s` at the end for packets in flight.
    """
    filling = bytes(frame - HEADERS - _NUMBERED.size)
    refused = 0
    with testbed.udp("client") as away, testbed.udp("server", port=PORT):  # never read: no replies
        away.connect((ADDRESSES["server"][4], PORT))

        def send_one(n: int) -> None:
            nonlocal refused
            try:
                away.send(_NUMBERED.pack(_MAGIC, n) + filling)
            except OSError:
                refused += 1

        start = time.monotonic()
        pace(count, per_second, send_one, hurried=hurried)
        seconds = time.monotonic() - start
        time.sleep(linger_s)
    return Sent(count - refused, refused, (count - refused) / seconds)


def parsed(packet: bytes) -> int | None:
    """The number in an IPv4 packet; None if it is not one of ours."""
    if len(packet) < _IP_UDP + _NUMBERED.size or packet[0] != 0x45 or packet[9] != socket.IPPROTO_UDP:
        return None
    magic, number = _NUMBERED.unpack_from(packet, _IP_UDP)
    return int(number) if magic == _MAGIC else None


def _stamp(ancillary: list[tuple[int, int, bytes]]) -> int:
    seconds, nanoseconds = unpack("qq", ancillary[0][2])
    return int(seconds * 1_000_000_000 + nanoseconds)
