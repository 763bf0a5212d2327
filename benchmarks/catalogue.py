"""All measurements with their goals, in execution order. The goals are for a machine with two CPUs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from syntheticnet.conditions.client import MAX_FLOWS

from .errors import CannotRun
from .goal import above_bridge, at_least, at_most, of_bridge, times_floor, within
from .measurements import (
    Cost,
    Cpu,
    Crowd,
    Delay,
    DisturbedDelay,
    Flood,
    Idle,
    Measurement,
    Memory,
    Rate,
    RealCall,
    RoundTrip,
    Tcp,
)
from .measurements.disturbed_delay import add_flows, add_trace
from .measurements.real_call import Link
from .testbed import Kind
from .traffic import Call, Even, Traffic

DELAYED: dict[str, Any] = {"latency": "20ms"}
LOSSY: dict[str, Any] = {"latency": "20ms", "loss": "1%"}
SHAPED: dict[str, Any] = {"rate": "20mbit", "latency": "20ms", "jitter": "5ms", "loss": "1%"}
FLOWS = 8
ALONE: tuple[Kind, ...] = ("forwarder",)  # a bridge has no conditions to compare with
LAST_PORT = 5201


def conditions(link: dict[str, Any], flow: dict[str, Any]) -> dict[str, Any]:
    """`link` in both directions, and `flow` for each of `FLOWS` flows, one per UDP port of the server.

    The measurements' UDP traffic is the last flow, the most expensive to match; their TCP traffic matches none.
    """
    ports = range(LAST_PORT - FLOWS + 1, LAST_PORT + 1)
    flows = {f"10.9.0.2:udp:{port}": {"egress": flow, "ingress": flow} for port in ports}
    return {"egress": link, "ingress": link, "flows": flows}


def catalogue() -> list[Measurement[Any]]:
    lossy = conditions(LOSSY, LOSSY)
    return [
        Tcp("tcp/up", "TCP up, perfect", of_bridge=of_bridge(0.8)),
        Tcp("tcp/down", "TCP down, perfect", of_bridge=of_bridge(0.8), reverse=True),
        Flood("udp/perfect", "UDP 64 B, perfect", of_bridge(0.85)),
        RoundTrip(above_bridge(0.06)),
        Flood("udp/lossy", f"UDP 64 B, 20 ms, 1 % loss, last of {FLOWS} flows", of_bridge(0.75), lossy),
        Tcp(
            "tcp/delayed",
            f"TCP up, 4 streams, 20 ms, {FLOWS} flows",
            at_least(0.8),
            streams=4,
            seconds=3,
            omit_s=1,
            conditions=conditions(DELAYED, LOSSY),
            kinds=ALONE,
        ),
        *(_delay(per_second) for per_second in (500, 1_000, 2_000, 5_000, 10_000, 20_000, 50_000)),
        DisturbedDelay("delay/flows", f"{MAX_FLOWS:,} flows are added", add_flows),
        DisturbedDelay("delay/trace", "a trace of 5 MB is put in force", add_trace),
        *(Rate(rate, 3 if rate == "100kbit" else 2) for rate in RATES),
        *_costs(),
        Cpu(lossy, at_most(12)),
        Idle(lossy, at_most(0)),
        Memory(lossy, at_most(60)),
        RealCall(
            [Link(name, label, link, at_most(3.5) if name == "shaped" else None) for name, label, link in CALL_LINKS]
        ),
        Crowd(),
    ]


PAIRS, RUNS = 9, 5


def usual_runs(measurement: Measurement[Any]) -> int:
    """More where pairs of runs are compared: TCP and floods vary most."""
    return PAIRS if any(figure.pairs for figure in measurement.figures) else RUNS


def kinds_of(measurement: Measurement[Any], compared: bool) -> tuple[Kind, ...]:
    """The kinds it runs on; where another checkout is `compared`, its forwarder runs just before ours."""
    kinds = list(measurement.kinds)
    if compared:
        kinds.insert(kinds.index("forwarder"), "before")
    return tuple(kinds)


LINKS: tuple[tuple[str, str, dict[str, Any], float], ...] = (
    ("perfect", "perfect", {}, 1.4),
    ("lossy", "20 ms, 1 % loss", LOSSY, 1.7),
    ("shaped", "rate, jitter, loss", SHAPED, 2.0),
)
"""Name, label, conditions of both directions, and how many times the CPU time of a bare loop they may take."""

CALL_LINKS: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("perfect", "perfect", {}),
    ("delayed", "20 ms", DELAYED),
    ("shaped", "rate, jitter, loss", SHAPED),
)
TRAFFIC: tuple[Traffic, ...] = (Even(250), Even(1_000), Call())
RATES = ("100kbit", "1mbit", "10mbit", "100mbit", "500mbit")


def chosen(names: Sequence[str]) -> list[Measurement[Any]]:
    """The measurements with these names or groups; all if none is given. Raises CannotRun for an unknown name."""
    every = catalogue()
    for name in names:
        if not any(_matches(one, name) for one in every):
            known = dict.fromkeys(part for one in every for part in (one.name.split("/")[0], one.name))
            raise CannotRun(f"no measurement {name!r}; expected one of {', '.join(known)}")
    return [one for one in every if not names or any(_matches(one, name) for name in names)]


def _matches(measurement: Measurement[Any], name: str) -> bool:
    return measurement.name == name or measurement.name.startswith(f"{name}/")


def _costs() -> Iterator[Cost]:
    for traffic in TRAFFIC:
        for name, label, link, ratio in LINKS:
            goal = None if isinstance(traffic, Call) else times_floor(ratio)
            yield Cost(traffic, name, label, {"egress": link, "ingress": link}, goal)


def _delay(per_second: int) -> Delay:
    if per_second == 5_000:
        return Delay(per_second, within(0.1), at_most(0.5), seconds=2)
    return Delay(per_second, seconds=max(0.6, 1_000 / per_second))
