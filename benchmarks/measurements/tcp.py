"""TCP throughput through the path, measured with iperf3."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from .. import iperf
from ..figure import Figure, Values, paired
from ..goal import Goal
from ..testbed import Kind, Testbed


@dataclass(frozen=True)
class Tcp:
    name: str
    label: str
    goal: Goal | None = None
    of_bridge: Goal | None = None
    reverse: bool = False
    streams: int = 1
    seconds: int = 2
    omit_s: int = 0
    conditions: Mapping[str, Any] = field(default_factory=dict)
    kinds: Sequence[Kind] = ("bridge", "forwarder")

    @property
    def figures(self) -> Sequence[Figure]:
        own = Figure("gbps", self.label, "Gbit/s", self.goal)
        return [own, *paired("gbps", self.label, self.of_bridge)]

    def run(self, testbed: Testbed, kind: Kind) -> Values:
        testbed.put(kind)
        testbed.impose(dict(self.conditions))
        return iperf.tcp(testbed, self.seconds, self.streams, self.reverse, self.omit_s)
