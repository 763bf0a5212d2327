"""How far the delay is from the latency asked for: by the kernel's stamps outside the forwarder, one way."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from .. import datagram
from ..datagram import Passed
from ..errors import Failed
from ..figure import Figure, Values
from ..goal import Goal
from ..summary import percentile
from ..testbed import Kind, Testbed

LATENCY_MS = 20


@dataclass(frozen=True)
class Delay:
    """At one load, in packets a second; a bridge's error is all the delay that it has."""

    per_second: int
    p50: Goal | None = None
    p99: Goal | None = None
    seconds: float = 1.0
    kinds: Sequence[Kind] = ("bridge", "forwarder")

    @property
    def name(self) -> str:
        return f"delay/{self.per_second}"

    @property
    def figures(self) -> Sequence[Figure]:
        label = f"delay error at {LATENCY_MS} ms, {self.per_second:,}/s"
        return [
            Figure("p50_ms", f"{label}, p50", "ms", self.p50, digits=3),
            Figure("p99_ms", f"{label}, p99", "ms", self.p99, digits=3),
        ]

    def run(self, testbed: Testbed, kind: Kind) -> Values:
        testbed.put(kind)
        testbed.impose({way: {"latency": f"{LATENCY_MS}ms"} for way in ("egress", "ingress")})
        with datagram.watched(testbed, "client") as leaving, datagram.watched(testbed, "server") as arriving:
            sent = datagram.send(testbed, round(self.per_second * self.seconds), self.per_second)
            departures, arrivals = leaving.read(), arriving.read()
            unwatched = leaving.missed() + arriving.missed()
        found = errors_ms(departures, arrivals, LATENCY_MS if kind == "forwarder" else 0)
        if not found:
            raise Failed("no datagram arrived")
        return {
            "p50_ms": percentile(found, 0.5),
            "p99_ms": percentile(found, 0.99),
            "least_ms": found[0],
            "most_ms": found[-1],
            "per_second": sent.per_second,
            "lost": len(departures) - len(found),
            "refused": sent.refused,
            "unwatched": unwatched,
        }


def errors_ms(departures: Iterable[Passed], arrivals: Iterable[Passed], latency_ms: float) -> list[float]:
    """Of each datagram that arrived, by how much it took longer than the latency; sorted."""
    left = dict(departures)
    return sorted((stamp - left[number]) / 1e6 - latency_ms for number, stamp in arrivals if number in left)
