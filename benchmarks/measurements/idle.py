"""The forwarder's wake-ups without traffic."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tests.syntheticnet.veth.world import BOTH

from .. import process
from ..errors import Failed
from ..figure import Figure, Values
from ..goal import Goal
from ..testbed import Kind, Testbed

SECONDS = 5.0
QUIET_S, PATIENCE_S = 1.0, 20.0


@dataclass(frozen=True)
class Idle:
    conditions: Mapping[str, Any]
    goal: Goal
    name: str = "idle"
    kinds: Sequence[Kind] = ("forwarder",)

    @property
    def figures(self) -> Sequence[Figure]:
        return [Figure("switches", f"wake-ups in {SECONDS:.0f} s without traffic", "", self.goal, digits=0)]

    def run(self, testbed: Testbed, kind: Kind) -> Values:
        testbed.put(kind)
        testbed.impose(dict(self.conditions))
        _await_quiet(testbed)
        frames, switches = _frames(testbed), process.switches(testbed.pid)
        time.sleep(SECONDS)
        after = process.switches(testbed.pid)
        return {"switches": after - switches, "frames": _frames(testbed) - frames}


def _await_quiet(testbed: Testbed) -> None:
    """Wait for a quiet path: kernels send IPv6 and multicast messages when an interface comes up."""
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        before = _frames(testbed)
        time.sleep(QUIET_S)
        if _frames(testbed) == before:
            return
    raise Failed(f"the path did not become quiet within {PATIENCE_S:.0f} s")


def _frames(testbed: Testbed) -> int:
    return sum(sum(testbed.counters(side).values()) for side in BOTH)
