"""The forwarder's CPU time per packet at a call's pace, where it sleeps between packets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .. import process
from ..figure import Figure, Values
from ..goal import Goal
from ..testbed import Kind, Testbed
from ..traffic import Traffic

WARM_UP_S, SECONDS = 0.5, 4.0


@dataclass(frozen=True)
class Cost:
    """Beside a bare loop that carries the same traffic, without any conditions, in the same minute."""

    traffic: Traffic
    link: str
    link_label: str
    conditions: Mapping[str, Any]
    goal: Goal | None
    kinds: Sequence[Kind] = ("floor", "forwarder")

    @property
    def name(self) -> str:
        return f"cost/{self.traffic.name}/{self.link}"

    @property
    def figures(self) -> Sequence[Figure]:
        label = f"CPU, {self.traffic.label}, {self.link_label}"
        return [
            Figure("us_per_packet", label, "us/packet", self.goal, digits=0, beside="floor"),
            Figure("sleeps_per_packet", "  sleeps", "/packet"),
        ]

    def run(self, testbed: Testbed, kind: Kind) -> Values:
        testbed.put(kind)
        testbed.impose(dict(self.conditions))
        self.traffic.send(testbed, WARM_UP_S)
        slept, used = process.sleeps(testbed.pid), process.cpu_ns(testbed.pid)
        sent = self.traffic.send(testbed, SECONDS)
        used, slept = process.cpu_ns(testbed.pid) - used, process.sleeps(testbed.pid) - slept
        return {"us_per_packet": used / 1e3 / sent, "sleeps_per_packet": slept / sent, "packets": sent}
