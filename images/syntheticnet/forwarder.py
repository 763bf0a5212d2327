"""The loop: frames from one port, through a link, to the other; it knows ports and links, and no effect by name."""

from __future__ import annotations

import gc
import select
import socket
import time
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import ip_address
from random import SystemRandom
from struct import error as StructError
from typing import Any

from . import libc
from .alarm import Alarm
from .conditions import Conditions
from .flows import Classifier, Control, Direction, FlowTable
from .link import Link
from .packet import Packet
from .port import Arena, Frame, Port
from .segment import Malformed, cut, is_super_frame
from .store import Store
from .switchboard import Switchboard
from .top import WIRE_OCTETS, Top

FRAME_BITS = 8


@dataclass(frozen=True)
class Wiring:
    """All that a forwarder is handed by PID 1; it opens nothing itself."""

    outer: int
    inner: int
    control: socket.socket
    store: Store
    hosts: Sequence[str] = ()
    ports: Sequence[int] = ()
    restarts: int = 0
    started: int = field(default_factory=time.monotonic_ns)


class Way:
    """One direction: the port that frames come from, the link they pass, and the port they leave by."""

    def __init__(self, direction: Direction, source: Port, target: Port, control: Control) -> None:
        self._direction = direction
        self.source = source.fileno()
        self._source = source
        self._target = target
        self._control = control
        self._top = Top()
        self._classifier = Classifier(FlowTable(direction, control=control), self._top.retire)
        self._last = 0
        self.link = Link(direction, seed=0)
        self.strays = {"closed": 0, "malformed": 0, "exempt": 0}

    def configure(self, wished: Conditions, names: Mapping[str, Sequence[str]], now: int) -> None:
        """Put the conditions of this direction in force at once."""
        flows = {flow.name: getattr(flow, self._direction) for flow in wished.flows}
        self._classifier.adopt(FlowTable(self._direction, wished.flows, names, self._control))
        self.link.reseed(wished.seed or 0)
        self.link.configure(getattr(wished, self._direction), flows, now)

    def take(self) -> list[Frame]:
        return self._source.read()

    def admit(self, frames: list[Frame], now: int, skew: int) -> None:
        """Give frames to the link; `skew` takes their stamps to the clock of `now`."""
        packets: list[Packet] = []
        exempt: list[bytes] = []
        talk_of, whole = self._classifier.talk, self.link.perfect
        last = self._last
        for buffer, stamp in frames:
            talk = talk_of(buffer)
            if talk.lane == "link":
                last = max(last, min(stamp - skew, now))
                if whole or not is_super_frame(buffer):
                    packets.append(Packet(buffer, last, talk))
                else:
                    packets += [Packet(part, last, talk) for part in self._cut(buffer)]
            elif talk.lane == "exempt":
                exempt.append(buffer)
            else:
                self.strays["closed"] += 1
        self._last = last
        if packets:
            self.link.push(packets, now)
        if exempt:
            self.strays["exempt"] += len(exempt) - len(self._target.write(exempt))

    def release(self, now: int) -> list[Packet]:
        """Send what is due; returns what elements answered, to enter the opposite link."""
        packets, answers = self.link.pop(now)
        if packets:
            refused = self._target.write([packet.buffer for packet in packets])
            for index in reversed(refused):
                self.link.drop(packets.pop(index), "send")
            self.link.sent(packets, now)
            for packet in packets:
                talk = packet.talk
                talk.packets += 1
                talk.bits += (packet.size + WIRE_OCTETS) * FRAME_BITS
        return answers

    def top(self) -> list[tuple[int, int, int]]:
        return self._top.rows(self._classifier.talks())

    def report(self, now: int) -> dict[str, Any]:
        """Counts of the link and what never entered it."""
        strays = self.strays | {
            "kernel": self._source.kernel_drops(),
            "oversized": self._source.oversized,
            "unreadable": self._source.unreadable,
        }
        return self.link.report(now) | {"strays": strays}

    def _cut(self, buffer: bytes) -> list[bytes]:
        try:
            return cut(buffer)
        except (Malformed, StructError):
            self.strays["malformed"] += 1
            return []


class Forwarder:
    """Two ways and a switchboard; `run` never returns."""

    def __init__(self, wiring: Wiring) -> None:
        receiving, sending = Arena(stamped=True), Arena(stamped=False)
        outer, inner = (Port(fd, receiving, sending) for fd in (wiring.outer, wiring.inner))
        control = Control(frozenset(ip_address(host).packed for host in wiring.hosts), frozenset(wiring.ports))
        self._wiring = wiring
        self._ingress = Way("ingress", outer, inner, control)
        self._egress = Way("egress", inner, outer, control)
        self._alarm = Alarm()
        self._switchboard = Switchboard(wiring.control, self._answer)
        self._conditions = Conditions()
        self._epoll = select.epoll()
        for source in (outer, inner, self._alarm, self._switchboard):
            self._epoll.register(source.fileno(), select.EPOLLIN)
        self._resume()

    def run(self) -> None:
        gc.freeze()  # what exists now lives for ever
        gc.disable()  # nothing here makes cycles; a collection would only hold packets up
        libc.be_punctual()
        while True:
            ready = {fd for fd, _ in self._epoll.poll()}
            if self._alarm.fileno() in ready:
                self._alarm.rang()
            self._breathe(ready)
            if self._switchboard.fileno() in ready:
                self._switchboard.serve()
                self._breathe(())  # what a change let go leaves now

    def _breathe(self, ready: Container[int]) -> None:
        """Read the ports that are ready, send what is due, and set the alarm. Time is read once, after the frames."""
        ways = (self._ingress, self._egress)
        taken = [way.take() if way.source in ready else [] for way in ways]
        now = time.monotonic_ns()
        skew = time.clock_gettime_ns(time.CLOCK_REALTIME) - now
        for way, frames in zip(ways, taken, strict=True):
            if frames:
                way.admit(frames, now, skew)
        answers = [way.release(now) for way in ways]
        for opposite, packets in zip(reversed(ways), answers, strict=True):
            if packets:
                opposite.link.push(packets, now)
        self._alarm.set(min((due for way in ways if (due := way.link.deadline()) is not None), default=None), now)

    def _resume(self) -> None:
        """Put in force what was in force before this forwarder."""
        saved = self._wiring.store.load() or {"conditions": {}, "names": {}}
        self._configure(saved["conditions"], saved["names"])

    def _answer(self, request: dict[str, Any]) -> dict[str, Any]:
        """What the API asks for: `configure`, `report` or `top`."""
        if request["op"] == "configure":
            self._configure(request["conditions"], request["names"])
        elif request["op"] == "top":
            way = self._ingress if request["direction"] == "ingress" else self._egress
            return {"rows": way.top()}
        return self._report()

    def _configure(self, wished: Mapping[str, Any], names: Mapping[str, Sequence[str]]) -> None:
        conditions = Conditions.from_dict(wished)
        if conditions.seed is None:
            conditions = conditions.changed({"seed": SystemRandom().getrandbits(32)})
        now = time.monotonic_ns()
        self._ingress.configure(conditions, names, now)
        self._egress.configure(conditions, names, now)
        self._conditions = conditions
        self._wiring.store.save({"conditions": conditions.to_dict(), "names": dict(names)})

    def _report(self) -> dict[str, Any]:
        now = time.monotonic_ns()
        ways = {"ingress": self._ingress, "egress": self._egress}
        flows = {
            name: {direction: way.link.tallies[name].report(now) for direction, way in ways.items()}
            for name in ("default", *(flow.name for flow in self._conditions.flows))
        }
        return {
            "conditions": self._conditions.to_dict(),
            "forwarder": {"restarts": self._wiring.restarts, "up_s": (now - self._wiring.started) / 1e9},
            "links": {direction: way.report(now) for direction, way in ways.items()},
            "flows": flows,
        }


def main(wiring: Wiring) -> None:
    """Forward until killed."""
    Forwarder(wiring).run()
