"""One-way delay error against the configured latency, from kernel timestamps outside the forwarder."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from .. import datagram
from ..datagram import Passed
from ..errors import Failed
from ..figure import Figure, Values
from ..goal import Goal
from ..summary import percentile
from ..testbed import FORWARDERS, Kind, Testbed

LATENCY_MS = 20


@dataclass(frozen=True)
class Delay:
    """At one load, in packets per second; a bridge's error is its full delay."""

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
        testbed.impose({direction: {"latency": f"{LATENCY_MS}ms"} for direction in ("egress", "ingress")})
        with datagram.watched(testbed, "client") as leaving, datagram.watched(testbed, "server") as arriving:
            sent = datagram.send(testbed, round(self.per_second * self.seconds), self.per_second)
            departures, arrivals = leaving.read(), arriving.read()
            unwatched = leaving.missed() + arriving.missed()
        errors = errors_ms(departures, arrivals, imposed_ms(kind))
        if not errors:
            raise Failed("no datagram arrived")
        return {
            "p50_ms": percentile(errors, 0.5),
            "p99_ms": percentile(errors, 0.99),
            "least_ms": errors[0],
            "most_ms": errors[-1],
            "per_second": sent.per_second,
            "lost": len(departures) - len(errors),
            "refused": sent.refused,
            "unwatched": unwatched,
        }


def imposed_ms(kind: Kind) -> int:
    """The latency that a forwarder was asked for; nothing else imposes any."""
    return LATENCY_MS if kind in FORWARDERS else 0


def errors_ms(departures: Iterable[Passed], arrivals: Iterable[Passed], latency_ms: float) -> list[float]:
    """Delay minus latency for each datagram that arrived, in ms, sorted."""
    left = dict(departures)
    return sorted((stamp - left[number]) / 1e6 - latency_ms for number, stamp in arrivals if number in left)
