"""The forwarder's process: what PID 1 hands it, its two ways, and the desk that rules over them."""

from __future__ import annotations

import gc
import socket
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from ipaddress import ip_address
from typing import Any

from . import libc
from .admission import Allow
from .agenda import Names, Sowing
from .conditions import Conditions
from .desk import Desk
from .files import Files
from .flows import Control
from .port import make_ports
from .pulse import Pulse
from .pump import Pump
from .stage import DEFAULT
from .store import Store
from .switchboard import Switchboard
from .way import Way


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
    files: Store = field(default_factory=Store.create)
    allow: Allow = Allow()
    ipv6_only: bool = False
    pulse: Pulse = field(default_factory=Pulse)


WELL = {"state": "well", "hangs": 0, "starved_s": 0.0}
"""What PID 1 has seen of the forwarder and those before it, as long as it has not said so: see `Children.tick`."""


class Forwarder:
    """Two ways, a pump and a switchboard; `run` never returns."""

    def __init__(self, wiring: Wiring) -> None:
        outer, inner = make_ports(wiring.outer, wiring.inner)
        control = Control(_packed(wiring.hosts), frozenset(wiring.ports), wiring.allow.networks, wiring.ipv6_only)
        files = Files()
        self._wiring = wiring
        self._control = control
        self._ways = {
            "ingress": Way("ingress", outer, inner, control, files),
            "egress": Way("egress", inner, outer, control, files),
        }
        self._flows: list[str] = []
        self._pump = Pump(*self._ways.values())
        switchboard = Switchboard(wiring.control, self._answer)
        self._pump.watch(switchboard.fileno(), switchboard.serve)
        self._pump.watch(wiring.pulse.fileno(), wiring.pulse.answer)
        self._desk = Desk(wiring.store, wiring.files, files, self, time.monotonic_ns())

    def run(self) -> None:
        gc.freeze()  # what exists now lives for ever
        gc.disable()  # nothing here makes cycles; a collection would only hold packets up
        libc.be_punctual()
        while True:
            due = self._pump.appointment = self._desk.deadline()
            self._pump.turn()
            if due is not None and due <= (now := time.monotonic_ns()):
                self._desk.due(now)

    def adopt(self, conditions: Conditions, names: Names, sowing: Sowing, now: int) -> None:
        """Put conditions in force at once."""
        for way in self._ways.values():
            way.configure(conditions, names, now, sowing)
        self._flows = [flow.name for flow in conditions.flows]

    def report(self, now: int) -> dict[str, Any]:
        """What it has counted."""
        for way in self._ways.values():
            way.note_refusals(now)
        flows = {
            name: {direction: way.link.tallies[name].report(now) for direction, way in self._ways.items()}
            for name in (DEFAULT, *self._flows)
        }
        return {
            "forwarder": {
                "restarts": self._wiring.restarts,
                **WELL,
                **self._wiring.pulse.news.get("forwarder", {}),
                "up_s": (now - self._wiring.started) / 1e9,
                "cpu_s": time.process_time(),
                "lateness": {direction: way.lateness.report(now) for direction, way in self._ways.items()},
            },
            "links": {direction: way.report(now) for direction, way in self._ways.items()},
            "flows": flows,
        }

    def _answer(self, request: dict[str, Any]) -> dict[str, Any]:
        """What the API asks for."""
        if request["op"] == "top":
            return {"rows": self._ways[request["direction"]].top()}
        if request["op"] == "admit":
            return self._admit(request["addresses"])
        return self._desk.answer(request, time.monotonic_ns())

    def _admit(self, addresses: Sequence[str]) -> dict[str, Any]:
        """Let these steer the client besides the host: the present addresses of those that the stack names."""
        control = replace(self._control, hosts=_packed([*self._wiring.hosts, *addresses]))
        if control != self._control:
            self._control = control
            for way in self._ways.values():
                way.let_in(control)
        return {}


def _packed(addresses: Sequence[str]) -> frozenset[bytes]:
    return frozenset(ip_address(address).packed for address in addresses)


def main(wiring: Wiring) -> None:
    """Forward until killed."""
    Forwarder(wiring).run()
