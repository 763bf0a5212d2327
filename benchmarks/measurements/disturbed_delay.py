"""One-way delay error while a large change is put in force, next to that of the second before."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from syntheticnet.channel import FILE_PIECE
from syntheticnet.conditions.client import MAX_FLOWS
from tests.syntheticnet.recorded_link import rate_trace

from .. import datagram
from ..aside import aside
from ..datagram import Passed
from ..errors import Failed
from ..figure import Figure, Values
from ..summary import percentile
from ..testbed import Kind, Testbed
from .delay import LATENCY_MS, errors_ms

PER_SECOND = 2_000
BEGIN_S, CALM_S, BUSY_S = 0.5, 1.5, 4.0
TRACE = "lte"
Change = Callable[[Testbed], object]


@dataclass(frozen=True)
class DisturbedDelay:
    """`change` concerns flows that no datagram belongs to, so that the latency stays as it was."""

    name: str
    label: str
    change: Change
    kinds: Sequence[Kind] = ("forwarder",)

    @property
    def figures(self) -> Sequence[Figure]:
        return [
            Figure("p50_ms", f"delay error while {self.label}, p50", "ms", digits=3),
            Figure("p99_ms", f"delay error while {self.label}, p99", "ms", digits=3),
            Figure("calm_p50_ms", "  before it, p50", "ms", digits=3),
            Figure("calm_p99_ms", "  before it, p99", "ms", digits=3),
            Figure("change_s", "  the change took", "s"),
        ]

    def run(self, testbed: Testbed, kind: Kind) -> Values:
        testbed.put(kind)
        testbed.impose({direction: {"latency": f"{LATENCY_MS}ms"} for direction in ("egress", "ingress")})
        with aside(lambda: _sent(testbed)) as result:
            time.sleep(BEGIN_S + CALM_S)
            begin = time.time_ns()
            self.change(testbed)
            end = time.time_ns()
            departures, arrivals = result()
        testbed.impose({})
        remove_files(testbed)
        calm, busy = split(departures, begin, end)
        return {
            **_percentiles("", errors_ms(busy, arrivals, LATENCY_MS)),
            **_percentiles("calm_", errors_ms(calm, arrivals, LATENCY_MS)),
            "change_s": (end - begin) / 1e9,
            "lost": len(departures) - len(errors_ms(departures, arrivals, LATENCY_MS)),
        }


def split(departures: Sequence[Passed], begin: int, end: int) -> tuple[list[Passed], list[Passed]]:
    """Those that had arrived when the change began, and those that were under way during it."""
    latency = LATENCY_MS * 10**6
    calm = [one for one in departures if begin - CALM_S * 1e9 <= one.stamp < begin - 2 * latency]
    return calm, [one for one in departures if begin - latency <= one.stamp < end]


def add_flows(testbed: Testbed) -> None:
    """The maximum number of flows, each with values of its own."""
    own = {"loss": "1%", "latency": "30ms"}
    flows = {f"*:udp:{port}": {"ingress": own, "egress": own} for port in range(1, MAX_FLOWS + 1)}
    testbed.ask("change", change={"flows": flows})


def add_trace(testbed: Testbed) -> None:
    """Upload a trace of 5 MB in pieces, as the API does, and put it in force."""
    text = trace()
    for start in range(0, len(text), FILE_PIECE):
        piece = {"text": text[start : start + FILE_PIECE], "more": start + FILE_PIECE < len(text)}
        testbed.ask("put_file", name=TRACE, start=start, **piece)
    if testbed.ask("files")["files"][0]["bytes"] != len(text):
        raise Failed("it takes no trace in pieces")
    testbed.ask("change", change={"flows": {"*:udp:1": {"egress": {"rate_trace": TRACE}}}})


def remove_files(testbed: Testbed) -> None:
    for file in testbed.ask("files")["files"]:
        testbed.ask("remove_file", name=file["name"])


@cache
def trace() -> str:
    return rate_trace(1).decode()


def _sent(testbed: Testbed) -> tuple[list[Passed], list[Passed]]:
    """Departures and arrivals of the whole run."""
    with datagram.watched(testbed, "client") as leaving, datagram.watched(testbed, "server") as arriving:
        datagram.send(testbed, round(PER_SECOND * (BEGIN_S + CALM_S + BUSY_S)), PER_SECOND)
        return leaving.read(), arriving.read()


def _percentiles(prefix: str, errors: Sequence[float]) -> Mapping[str, float]:
    if not errors:
        raise Failed("no datagram arrived")
    return {f"{prefix}p50_ms": percentile(errors, 0.5), f"{prefix}p99_ms": percentile(errors, 0.99)}
