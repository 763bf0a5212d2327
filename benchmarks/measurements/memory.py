"""Memory of forwarder and API, forked as in a container, after both have handled traffic."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .. import datagram, process
from ..figure import Figure, Values
from ..goal import Goal
from ..testbed import Kind, Testbed

PER_SECOND, SECONDS = 20_000, 1.0


@dataclass(frozen=True)
class Memory:
    conditions: Mapping[str, Any]
    goal: Goal
    name: str = "memory"
    kinds: Sequence[Kind] = ("forwarder",)

    @property
    def figures(self) -> Sequence[Figure]:
        return [Figure("both_mb", "memory of forwarder and API (PSS)", "MB", self.goal, digits=1)]

    def run(self, testbed: Testbed, kind: Kind) -> Values:
        pids = testbed.put_pair(kind, dict(self.conditions))
        datagram.send(testbed, round(PER_SECOND * SECONDS), PER_SECOND)
        megabytes = {f"{name}_mb": process.pss_bytes(pid) / 1e6 for name, pid in pids.items()}
        testbed.clear()
        return megabytes | {"both_mb": sum(megabytes.values())}
