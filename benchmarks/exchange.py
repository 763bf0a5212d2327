"""Datagrams between a server and each of many clients, both ways at a steady pace, and how long each took.

One process sends for all of them, from sockets in the containers' networks: programs in the containers would need more
CPU time than what is measured.
"""

from __future__ import annotations

import random
import socket
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from struct import Struct, unpack

from .lab_bed import Member
from .namespace import network_of
from .pacer import play

FIRST_PORT = 20_000
PAYLOAD = 160
SECOND_NS = 10**9
LINGER_S = 0.4
_SENT_AT = Struct("!q")
_SO_TIMESTAMPNS, _SO_RCVBUFFORCE = 35, 33
_ROOM = 16 << 20


@dataclass
class Exchange:
    """The sockets of one client and of the server's side of it, and when each datagram that counts was sent."""

    ends: tuple[socket.socket, socket.socket]
    sent: int = 0
    delays_ms: list[float] = field(default_factory=list)

    def send(self, end: int, counts: bool) -> None:
        self.sent += counts
        stamp = time.time_ns() if counts else 0
        with suppress(OSError):
            self.ends[end].send(_SENT_AT.pack(stamp).ljust(PAYLOAD, b"\0"))

    def read(self) -> None:
        """Note the delay of every datagram that has arrived: its kernel's stamp less the time it was sent."""
        for end in self.ends:
            with suppress(BlockingIOError):
                while True:
                    payload, ancillary, _, _ = end.recvmsg(PAYLOAD, 64)
                    (sent,) = _SENT_AT.unpack_from(payload)
                    seconds, nanoseconds = unpack("qq", ancillary[0][2])
                    if sent:
                        self.delays_ms.append((seconds * SECOND_NS + nanoseconds - sent) / 1e6)


def exchanged(
    clients: Sequence[Member], server: Member, per_second: int, seconds: float, warm_up_s: float
) -> list[Exchange]:
    """What each client and the server sent each other in `seconds`; the clients' phases are random, by a fixed seed.

    Nothing sent in the first `warm_up_s` counts.
    """
    with _exchanges(clients, server) as exchanges:
        times = schedule(len(clients), per_second, warm_up_s + seconds)
        begin = round(warm_up_s * SECOND_NS)

        def send(number: int) -> None:
            at, client, end = times[number]
            exchanges[client].send(end, at >= begin)

        play([at for at, _, _ in times], send, awake_ns=0)
        time.sleep(LINGER_S)
        for exchange in exchanges:
            exchange.read()
        return exchanges


def schedule(clients: int, per_second: int, seconds: float) -> list[tuple[int, int, int]]:
    """When (ns from the start) whose datagram leaves from which end (0: the client, 1: the server), in order."""
    rng, gap = random.Random(1), SECOND_NS // per_second
    rows = []
    for client in range(clients):
        for end in (0, 1):
            phase = rng.randrange(gap)
            rows += [(phase + n * gap, client, end) for n in range(round(seconds * per_second))]
    return sorted(rows)


@contextmanager
def _exchanges(clients: Sequence[Member], server: Member) -> Iterator[list[Exchange]]:
    with ExitStack() as cleanup:
        made = []
        for number, client in enumerate(clients):
            port = FIRST_PORT + number
            ends = (_socket(client, port), _socket(server, port))
            for end, peer in zip(ends, (server, client), strict=True):
                cleanup.callback(end.close)
                end.connect((peer.address, port))
            made.append(Exchange(ends))
        yield made


def _socket(member: Member, port: int) -> socket.socket:
    with network_of(member.pid):
        made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    made.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, _ROOM)
    made.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
    made.setblocking(False)
    made.bind(("", port))
    return made
