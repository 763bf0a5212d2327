"""Kinds of traffic at the pace of a call: evenly spaced datagrams, or those of a recorded call."""

from __future__ import annotations

import csv
import time
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import NamedTuple, Protocol

from tests.syntheticnet.veth.world import Side

from . import datagram
from .pacer import play
from .testbed import Testbed

FRAME = 1042
"""Of evenly spaced datagrams: 1,000 bytes and headers."""

RECORDED = Path(__file__).with_name("call.csv")
LINGER_S = 0.2


class Traffic(Protocol):
    @property
    def name(self) -> str: ...

    @property
    def label(self) -> str: ...

    def send(self, testbed: Testbed, seconds: float) -> int:
        """Send for so long, wait until all has arrived, and return the number of datagrams sent."""


@dataclass(frozen=True)
class Even:
    """Single datagrams from client to server."""

    per_second: int

    @property
    def name(self) -> str:
        return str(self.per_second)

    @property
    def label(self) -> str:
        return f"{self.per_second:,}/s"

    def send(self, testbed: Testbed, seconds: float) -> int:
        return datagram.send(testbed, round(self.per_second * seconds), self.per_second, FRAME, LINGER_S).count


class Sent(NamedTuple):
    """A datagram of the recorded call: ns from its start, the side that sent it, and its payload in bytes."""

    at: int
    side: Side
    size: int


@dataclass(frozen=True)
class Call:
    """What a browser in a call sent and received, recorded at its interface, again and again."""

    name: str = "call"
    label: str = "a recorded call"

    def send(self, testbed: Testbed, seconds: float) -> int:
        sends = recorded(seconds)
        client, server = testbed.udp_pair("client")
        server.connect(client.getsockname())
        with client, server:

            def send_one(number: int) -> None:
                _, side, size = sends[number]
                with suppress(OSError):
                    (client if side == "client" else server).send(bytes(size))

            play([one.at for one in sends], send_one)
            time.sleep(LINGER_S)
        return len(sends)


@cache
def recorded(seconds: float) -> list[Sent]:
    """The recorded datagrams of the first `seconds`; the recording is repeated if it is shorter."""
    with RECORDED.open(newline="") as file:
        rows = [Sent(int(row["us"]) * 1000, _side(row["from"]), int(row["bytes"])) for row in csv.DictReader(file)]
    length, end = rows[-1].at, round(seconds * 1e9)
    repeats = range(end // length + 1)
    return [again for n in repeats for row in rows if (again := row._replace(at=row.at + n * length)).at < end]


def _side(text: str) -> Side:
    return "client" if text == "client" else "server"
