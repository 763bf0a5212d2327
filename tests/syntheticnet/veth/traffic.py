"""Traffic between the two sides of a world, generated and measured by one process."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from struct import Struct, pack, unpack_from
from typing import Any

from syntheticnet.forwarder.port import Frame
from syntheticnet.packets.packet import IP

from ..builders import SECOND, checksum
from .world import ADDRESSES, Side, World, settle

_NUMBER = Struct("!Iq")  # which datagram it is, and when it was sent (ns of CLOCK_REALTIME, as kernel stamps are)
_ICMP = 1
_UDP_AT, _ICMP_AT = IP + 28, IP + 20


def numbered(n: int, size: int = 64) -> bytes:
    """A datagram with its number and creation time."""
    return _NUMBER.pack(n, time.time_ns()).ljust(size, b"\0")


def number(datagram: bytes) -> int:
    return sent_at(datagram)[0]


def sent_at(buffer: bytes, at: int = 0) -> tuple[int, int]:
    """The number and creation time (ns of CLOCK_REALTIME) of the datagram at `at`."""
    n, sent = _NUMBER.unpack_from(buffer, at)
    return int(n), int(sent)


def delays_ms(frames: Iterable[Frame]) -> dict[int, float]:
    """The delay of each numbered IPv4 datagram in `frames`, in order of arrival."""
    found = {}
    for buffer, stamp in frames:
        if buffer[IP - 2 : IP] == b"\x08\x00" and buffer[IP + 9] == socket.IPPROTO_UDP:
            n, sent = _NUMBER.unpack_from(buffer, _UDP_AT)
            found[n] = (stamp - sent) / 1e6
    return found


def drained(receiver: socket.socket) -> list[bytes]:
    """All datagrams received so far."""
    datagrams = []
    with suppress(BlockingIOError):
        while True:
            datagrams.append(receiver.recv(65536))
    return datagrams


def received(receiver: socket.socket, count: int, seconds: float) -> list[bytes]:
    """Datagrams received until there are `count` or time is up, and those right behind them."""
    datagrams: list[bytes] = []

    def enough() -> bool:
        datagrams.extend(drained(receiver))
        return len(datagrams) >= count

    settle(seconds, enough)
    time.sleep(0.01)
    return datagrams + drained(receiver)


def paced(count: int, per_second: float, act: Callable[[int], object]) -> None:
    """Do something `count` times at a steady pace, catching up after delays."""
    start = time.monotonic()
    done = 0
    while done < count:
        due = min(count, 1 + int((time.monotonic() - start) * per_second))
        for n in range(done, due):
            act(n)
        done = due
        time.sleep(0.001)


def round_trips_ms(world: World, count: int = 60) -> list[float]:
    """Pings 10 ms apart, answered and stamped by the kernels, so that no process adds noise."""
    sent: dict[int, int] = {}
    with world.inside("client"):
        pinger = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)

    def ping(n: int) -> None:
        head = pack("!BBHHH", 8, 0, 0, 4711, n)
        sent[n] = time.time_ns()
        pinger.sendto(head[:2] + pack("!H", checksum(head)) + head[4:], (ADDRESSES["server"][4], 0))

    with pinger, world.capture("client") as taken:
        paced(count, 100, ping)
        time.sleep(0.3)
        return [
            (stamp - sent[unpack_from("!H", buffer, _ICMP_AT + 6)[0]]) / 1e6
            for buffer, stamp in taken()
            if buffer[IP - 2 : IP] == b"\x08\x00" and buffer[IP + 9] == _ICMP and buffer[_ICMP_AT] == 0
        ]


def is_even(link: dict[str, Any]) -> bool:
    """Whether nothing is held and a link's counts agree: in + duplicated + originated = out + dropped."""
    came: int = link["packets_in"] + link["duplicated"] + link["originated"]
    return came == link["packets_out"] + sum(link["dropped"].values()) and not link["queued"]


def bytes_within(frames: list[Frame], after_s: float, seconds: float) -> int:
    """Bytes of the frames received within `seconds`, from `after_s` after the first."""
    start = frames[0][1] + round(after_s * SECOND)
    end = start + round(seconds * SECOND)
    return sum(len(buffer) - 10 for buffer, stamp in frames if start <= stamp < end)


def transferred(away: socket.socket, toward: socket.socket, content: bytes, seconds: float = 30) -> bytes:
    """The part of `content` that arrives over a TCP connection, until complete or time is up."""
    left = memoryview(content)
    away.setblocking(False)

    def feed() -> None:
        nonlocal left
        with suppress(BlockingIOError):
            while left:
                left = left[away.send(left[: 1 << 18]) :]

    return arriving(toward, len(content), seconds, feed)


def arriving(toward: socket.socket, size: int, seconds: float, feed: Callable[[], None] = lambda: None) -> bytes:
    """Receive from a TCP socket until there are `size` bytes or time is up; calls `feed` repeatedly."""
    received = bytearray()
    toward.setblocking(False)

    def complete() -> bool:
        feed()
        with suppress(BlockingIOError):
            while len(received) < size:
                received.extend(toward.recv(1 << 20))
        return len(received) >= size

    settle(seconds, complete)
    return bytes(received)


@contextmanager
def connected(world: World, sender: Side, family: int = 4) -> Iterator[tuple[socket.socket, socket.socket]]:
    """A TCP connection across the world."""
    away, toward = world.tcp_pair(sender, 6 if family == 6 else 4)
    with away, toward:
        yield away, toward
