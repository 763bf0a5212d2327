"""The forwarder's CPU time in a call: two browsers and two bots that see each other through a media server."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any

from .. import process
from ..errors import Failed
from ..figure import Figure, Values
from ..goal import Goal
from ..lab_bed import LabBed
from ..testbed import Kind

VIDEO = "320x240@15"
JOIN_S, SETTLE_S, SECONDS = 60.0, 4.0, 15.0
FEWEST_PER_SECOND = 150
"""A client that takes part in such a call exchanges some 260 packets a second."""


@dataclass(frozen=True)
class Link:
    name: str
    label: str
    conditions: Mapping[str, Any]
    goal: Goal | None = None


@dataclass(frozen=True)
class RealCall:
    """Each link in turn, on all clients and in both directions; values are the mean of the clients."""

    links: Sequence[Link]
    name: str = "call"
    kinds: Sequence[Kind] = ("forwarder",)

    @property
    def stack(self) -> Mapping[str, Any]:
        browser = {"app": "chrome", "count": 2, "headless": True, "video": VIDEO}
        clients = {"browser": browser, "bot": {"app": "bot", "count": 2, "video": VIDEO}}
        return {"name": "bench-call", "sfu": {"app": "janus"}, "clients": clients}

    @property
    def figures(self) -> Sequence[Figure]:
        return [
            figure
            for link in self.links
            for figure in (
                Figure(f"{link.name}/percent", f"a client in a call, {link.label}", "% of a core", link.goal),
                Figure(f"{link.name}/us_per_packet", "  CPU", "us/packet", digits=0),
                Figure(f"{link.name}/per_second", "  packets", "/s", digits=0),
            )
        ]

    def run(self, bed: LabBed, kind: Kind) -> Values:
        bed.impose({})
        _await_call(bed)
        values: dict[str, float] = {}
        for link in self.links:
            bed.impose({"egress": link.conditions, "ingress": link.conditions})
            time.sleep(SETTLE_S)
            values |= {f"{link.name}/{key}": value for key, value in _measured(bed).items()}
        return values


def _measured(bed: LabBed) -> dict[str, float]:
    before, start = _counted(bed), time.monotonic()
    time.sleep(SECONDS)
    after, seconds = _counted(bed), time.monotonic() - start
    used = {name: cpu - before[name][0] for name, (cpu, _) in after.items()}
    packets = {name: count - before[name][1] for name, (_, count) in after.items()}
    for name, count in packets.items():
        if count / seconds < FEWEST_PER_SECOND:
            raise Failed(f"{name} exchanged only {count / seconds:.0f} packets/s: the call has broken off")
    return {
        "percent": fmean(used.values()) / seconds / 1e7,
        "us_per_packet": sum(used.values()) / 1e3 / sum(packets.values()),
        "per_second": fmean(packets.values()) / seconds,
        **{f"{name}/percent": ns / seconds / 1e7 for name, ns in used.items()},
    }


def _counted(bed: LabBed) -> dict[str, tuple[int, int]]:
    """CPU time of each client's forwarder in ns, and the packets that its application received and sent."""
    return {client.name: (process.cpu_ns(client.forwarder), client.packets()) for client in bed.clients}


def _await_call(bed: LabBed) -> None:
    """Wait until every client exchanges as many packets as in a call."""
    deadline = time.monotonic() + JOIN_S
    while True:
        before = _counted(bed)
        time.sleep(1.0)
        slow = [name for name, (_, count) in _counted(bed).items() if count - before[name][1] < FEWEST_PER_SECOND]
        if not slow:
            return
        if time.monotonic() > deadline:
            raise Failed(f"no call within {JOIN_S:.0f} s: {', '.join(slow)} exchange hardly anything")
