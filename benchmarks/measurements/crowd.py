"""Fifty clients in a lab exchange datagrams with a server at a call's pace: how many of them are served in time."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..errors import Failed
from ..exchange import Exchange, exchanged
from ..figure import Figure, Values
from ..lab_bed import LabBed
from ..summary import Summary, percentile
from ..testbed import Kind

SIZES = (5, 10, 20, 30, 40, 50)
PER_SECOND, SECONDS, WARM_UP_S = 250, 3.0, 0.5
LIMIT_MS = 2.0
LATE = 0.99
LINKS: Mapping[str, float] = {"perfect": 0, "20 ms": 20}
"""Latency in ms of both directions, by label."""


@dataclass(frozen=True)
class Crowd:
    """Datagrams a second each way and client. A client *holds* if its p99 of the delay added is below the limit."""

    name: str = "crowd"
    kinds: Sequence[Kind] = ("forwarder",)

    @property
    def stack(self) -> Mapping[str, Any]:
        resting = {"image": "syntheticnet", "command": ["sleep", "infinity"], "count": max(SIZES)}
        return {"name": "bench-crowd", "sfu": {"app": "janus"}, "clients": {"c": resting}}

    @property
    def figures(self) -> Sequence[Figure]:
        most = max(SIZES)
        return [
            figure
            for link in LINKS
            for figure in (
                Figure(
                    f"{link}/{most}/hold", f"of {most} clients at {PER_SECOND}/s, {link}: hold", "clients", digits=0
                ),
                Figure(f"{link}/{most}/p99_ms", "  their p99 of added delay, median", "ms"),
                Figure(
                    f"{link}/all_hold", f"  most clients that all hold, of {SIZES[0]} to {most}", "clients", digits=0
                ),
            )
        ]

    def run(self, bed: LabBed, kind: Kind) -> Values:
        if bed.server is None or len(bed.clients) < max(SIZES):
            raise Failed(f"{len(bed.clients)} clients came up, not {max(SIZES)}")
        values: dict[str, float] = {}
        for link, latency_ms in LINKS.items():
            values[f"{link}/all_hold"] = 0
            bed.impose({side: {"latency": f"{latency_ms:g}ms"} for side in ("egress", "ingress")} if latency_ms else {})
            for size in SIZES:
                used = time.process_time()
                exchanges = exchanged(bed.clients[:size], bed.server, PER_SECOND, SECONDS, WARM_UP_S)
                sender_s = time.process_time() - used
                held = sum(holds(one, latency_ms) for one in exchanges)
                values[f"{link}/{size}/hold"] = held
                values[f"{link}/{size}/p99_ms"] = Summary.of([p99_ms(one, latency_ms) for one in exchanges]).median
                values[f"{link}/{size}/lost"] = sum(one.sent - len(one.delays_ms) for one in exchanges)
                values[f"{link}/{size}/sender_cores"] = sender_s / (SECONDS + WARM_UP_S)
                if held == size:
                    values[f"{link}/all_hold"] = size
        return values


def holds(exchange: Exchange, latency_ms: float) -> bool:
    """Whether 99 % of what was sent arrived less than the limit after the latency; what was lost did not."""
    in_time = sum(delay - latency_ms < LIMIT_MS for delay in exchange.delays_ms)
    return exchange.sent > 0 and in_time >= LATE * exchange.sent


def p99_ms(exchange: Exchange, latency_ms: float) -> float:
    """Of the delay added to what arrived."""
    if not exchange.delays_ms:
        raise Failed("no datagram of a client arrived")
    return percentile(sorted(exchange.delays_ms), LATE) - latency_ms
