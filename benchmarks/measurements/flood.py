"""UDP throughput in packets per second with the sender at full speed, counted at the receiver's interface."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from .. import iperf
from ..figure import Figure, Values, paired
from ..goal import Goal
from ..testbed import Kind, Testbed

SETTLE_S, SECONDS = 0.5, 2.0


@dataclass(frozen=True)
class Flood:
    name: str
    label: str
    of_bridge: Goal
    conditions: Mapping[str, Any] = field(default_factory=dict)
    kinds: Sequence[Kind] = ("bridge", "forwarder")

    @property
    def figures(self) -> Sequence[Figure]:
        return [
            Figure("received_kpps", self.label, "k/s", digits=1),
            *paired("received_kpps", self.label, self.of_bridge),
            Figure("sent_kpps", "  offered by the sender", "k/s", digits=1),
        ]

    def run(self, testbed: Testbed, kind: Kind) -> Values:
        """Apply the conditions only after the start: iperf3's UDP handshake does not survive packet loss."""
        testbed.put(kind)
        testbed.impose({})
        with iperf.flood(testbed):
            testbed.impose(dict(self.conditions))
            time.sleep(SETTLE_S)
            start, before = time.monotonic(), _counted(testbed)
            time.sleep(SECONDS)
            seconds, after = time.monotonic() - start, _counted(testbed)
        return {f"{name}_kpps": (after[name] - before[name]) / seconds / 1e3 for name in after}


def _counted(testbed: Testbed) -> dict[str, int]:
    return {
        "received": testbed.counters("server")["received"],
        "sent": testbed.counters("client")["sent"],
    }
