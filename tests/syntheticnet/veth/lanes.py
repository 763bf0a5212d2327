"""Several flows at once, each with its own conditions, numbered datagrams and sockets."""

from __future__ import annotations

import socket
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from struct import unpack_from
from typing import Any, NamedTuple, TypeVar

import pytest

from syntheticnet.forwarder.port import Frame
from syntheticnet.packets.packet import IP

from .traffic import drained, numbered, paced, sent_at
from .world import BOTH, Family, Side, World, other

T = TypeVar("T")

ATTEMPTS = 15
_IPV4, _IPV6 = b"\x08\x00", b"\x86\xdd"


class Arrival(NamedTuple):
    """One datagram: number, send time, and the receiver's kernel stamp (ns of CLOCK_REALTIME)."""

    number: int
    sent: int
    came: int

    @property
    def delay_ms(self) -> float:
        return (self.came - self.sent) / 1e6


class Lane:
    """A UDP conversation that is a flow named `name`; named, not numbered by port, so that a seed means the same draws.

    The conditions are those of its direction: egress where the client sends, else ingress.
    """

    def __init__(
        self, world: World, name: str, requested: dict[str, Any], sender: Side = "client", family: Family = 4
    ) -> None:
        self.name, self.sender, self.requested = name, sender, requested
        self.direction = "egress" if sender == "client" else "ingress"
        self.away, self.toward = world.udp_pair(sender, family)
        self.port: int = (self.away if sender == "server" else self.toward).getsockname()[1]

    def flow(self) -> dict[str, Any]:
        return {self.name: {"match": f"*:udp:{self.port}", self.direction: self.requested}}

    def counts(self, report: dict[str, Any]) -> dict[str, Any]:
        """The forwarder's counts for the lane since its conditions were applied."""
        counted: dict[str, Any] = report["flows"][self.name][self.direction]
        return counted


@dataclass
class Run:
    """Each lane's received datagrams, and the forwarder's report."""

    count: int
    began: int
    """When the conditions were applied (ns of CLOCK_REALTIME)."""
    numbers: dict[str, list[int]] = field(default_factory=dict)
    arrivals: dict[str, list[Arrival]] = field(default_factory=dict)
    counts: dict[str, dict[str, Any]] = field(default_factory=dict)
    moments: list[float] = field(default_factory=list)
    """When each round of datagrams was sent (s)."""

    def lost(self, name: str) -> set[int]:
        return set(range(self.count)) - set(self.numbers[name])

    def dropped(self, name: str, cause: str) -> int:
        return int(self.counts[name]["dropped"].get(cause, 0))


def arrivals(frames: Iterable[Frame], side: Side) -> dict[int, list[Arrival]]:
    """Numbered datagrams received by a side, by the server's port, in order of arrival."""
    found: dict[int, list[Arrival]] = defaultdict(list)
    for buffer, stamp in frames:
        at = _udp_at(buffer)
        if at is not None and len(buffer) >= at + 20:
            port = unpack_from("!H", buffer, at + (2 if side == "server" else 0))[0]
            found[port].append(Arrival(*sent_at(buffer, at + 8), stamp))
    return found


def _udp_at(buffer: bytes) -> int | None:
    """The position of the UDP header in an unfragmented datagram."""
    kind = buffer[IP - 2 : IP]
    if kind == _IPV4 and buffer[IP + 9] == socket.IPPROTO_UDP and not unpack_from("!H", buffer, IP + 6)[0] & 0x3FFF:
        return IP + 20
    return IP + 40 if kind == _IPV6 and buffer[IP + 6] == socket.IPPROTO_UDP else None


def sent_over(
    world: World,
    lanes: Sequence[Lane],
    count: int,
    per_second: float,
    wait: float = 0.3,
    stamped: bool = True,
    seed: int = 7,
) -> Run:
    """Send `count` datagrams over each lane, turn by turn, under its conditions; `wait` for the last.

    Without `stamped` only the numbers of what arrives are known, at a fraction of the cost.
    """
    report = world.configure(seed=seed, flows={name: flow for lane in lanes for name, flow in lane.flow().items()})
    run = Run(count, report["monotonic_ns"] + time.clock_gettime_ns(time.CLOCK_REALTIME) - time.monotonic_ns())
    frames: dict[Side, list[Frame]] = {side: [] for side in BOTH}
    with ExitStack() as cleanup:
        taken = {side: cleanup.enter_context(world.capture(side)) for side in BOTH} if stamped else {}

        def send(n: int) -> None:
            run.moments.append(time.monotonic())
            for lane in lanes:
                lane.away.send(numbered(n))
            if n % 64 == 0:
                for side, take in taken.items():
                    frames[side] += take()

        paced(count, per_second, send)
        time.sleep(wait)
        for side, take in taken.items():
            frames[side] += take()
    _note(run, world, lanes, {side: arrivals(frames[side], side) for side in BOTH})
    return run


def _note(run: Run, world: World, lanes: Sequence[Lane], came: dict[Side, dict[int, list[Arrival]]]) -> None:
    report = world.report()
    for lane in lanes:
        run.numbers[lane.name] = [sent_at(datagram, 0)[0] for datagram in drained(lane.toward)]
        run.arrivals[lane.name] = came[other(lane.sender)].get(lane.port, [])
        run.counts[lane.name] = lane.counts(report)


@contextmanager
def closing(lanes: Sequence[Lane]) -> Iterator[None]:
    """Close the sockets of the lanes at the end."""
    try:
        yield
    finally:
        for lane in lanes:
            lane.away.close()
            lane.toward.close()


def starved(world: World) -> int:
    """Packets dropped since the start because the forwarder did not get to run."""
    dropped = [link["dropped"] for link in world.report()["links"].values()]
    return sum(by_cause.get(cause, 0) for by_cause in dropped for cause in ("stalled", "kernel"))


def undisturbed(world: World, run: Callable[[], T]) -> T:
    """The result of a `run` in which the machine did not starve the forwarder; retries a few times."""
    for _ in range(ATTEMPTS):
        world.configure()
        before = starved(world)
        result = run()
        if starved(world) == before:
            return result
    pytest.fail(f"this machine starved the forwarder in each of {ATTEMPTS} runs")
