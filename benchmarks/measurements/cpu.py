"""The forwarder's CPU time per packet at a steady load."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .. import datagram, process
from ..figure import Figure, Values
from ..goal import Goal
from ..testbed import Kind, Testbed

PER_SECOND, SECONDS = 20_000, 3.0


@dataclass(frozen=True)
class Cpu:
    conditions: Mapping[str, Any]
    goal: Goal
    name: str = "cpu"
    kinds: Sequence[Kind] = ("forwarder",)

    @property
    def figures(self) -> Sequence[Figure]:
        return [Figure("us_per_packet", f"CPU at {PER_SECOND:,}/s, lossy", "µs/packet", self.goal)]

    def run(self, testbed: Testbed, kind: Kind) -> Values:
        testbed.put(kind)
        testbed.impose(dict(self.conditions))
        before = process.cpu_ns(testbed.pid)
        sent = datagram.send(testbed, round(PER_SECOND * SECONDS), PER_SECOND)
        used = process.cpu_ns(testbed.pid) - before
        values = {"packets": sent.count, "per_second": sent.per_second}
        return {"us_per_packet": used / 1e3 / sent.count, "cpu_s": used / 1e9, **values}
