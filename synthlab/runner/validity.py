"""Checks whether the lab could judge fairly: it was fast enough and did not cause the observed effects itself.

A run with a problem is inconclusive, whatever its expectations say: a frozen picture on an overloaded machine is no
failure of the application. The limits were derived from runs on two CPUs: a call of two browsers and two bots on an
idle machine, and the same call next to one busy loop per CPU.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from ..contract import OWN_CAUSES
from ..control.slowness import FULLY_BUSY, shortfall
from ..control.state import MOST_LATE_MS, ClientState
from ..scenario.expression import NEVER_NS, Recorded, Sample, Value
from ..scenario.record import Limit
from .host_load import HostLoad
from .underlay import slow_underlays

MOST_LATE_SECONDS = 0.2
"""The highest share of seconds in which the forwarder may exceed MOST_LATE_MS."""
MOST_LOST = 0.01
"""The highest share of packets the forwarder may lose itself, by a full socket queue or a stall."""
LEAST_LOST = 10
LEAST_LATE_SECONDS = 3
"""Fewer late seconds are a passing disturbance, such as a program that starts on the machine."""
LEAST_IDLE = 0.05
MOST_STOLEN = 0.1
MOST_WAITING = 0.9
LEAST_STEADY = 0.25
"""The lowest ratio of the smallest sample to the mean of a number in the baseline."""
DIRECTIONS = ("ingress", "egress")


@dataclass(frozen=True, slots=True)
class Doubt:
    """One reason not to trust a run, as a line; `limit` names the number behind it, if there is one."""

    text: str
    limit: Limit | None = None


def lateness_name(client: str, direction: str) -> str:
    """The name of the forwarder's p99 lateness in ms; not available to expectations."""
    return f"{client}.{direction}.late_p99"


def shortfall_name(client: str, direction: str) -> str:
    """The name of whether the forwarder kept the link from its rate, 0 or 1; not available to expectations."""
    return f"{client}.{direction}.shortfall"


def of_lateness(client: str, state: ClientState) -> dict[str, Value]:
    """The lateness of a client's forwarder, and whether it reached the rates set, for directions with packets."""
    lateness = {direction: values["p99_ms"] for direction, values in state.lateness.items() if values}
    late: dict[str, Value] = {lateness_name(client, direction): late_ms for direction, late_ms in lateness.items()}
    return late | {
        shortfall_name(client, direction): int(shortfall(state, direction) is not None) for direction in lateness
    }


def problems(
    clients: Sequence[str], recorded: Recorded, load: HostLoad | None, compared: Sequence[str], since_ns: int = NEVER_NS
) -> list[str]:
    """One line for each doubt."""
    return [doubt.text for doubt in doubts(clients, recorded, load, compared, since_ns)]


def doubts(
    clients: Sequence[str], recorded: Recorded, load: HostLoad | None, compared: Sequence[str], since_ns: int = NEVER_NS
) -> list[Doubt]:
    """The reasons not to trust the run; `compared` are the numbers compared with their baseline.

    Samples from before `since_ns` count only for the baseline.
    """
    links = [(client, direction) for client in clients for direction in DIRECTIONS]
    of_links = [doubt for client, direction in links for doubt in _of_link(client, direction, recorded, since_ns)]
    of_network = map(Doubt, slow_underlays(clients, recorded, since_ns))
    return [*map(Doubt, _of_machine(load)), *of_links, *of_network, *_of_baseline(recorded, compared)]


def _of_machine(load: HostLoad | None) -> Iterator[str]:
    if load is None:
        return
    if load.idle < LEAST_IDLE:
        yield f"the machine was too busy: CPUs idle {load.idle:.0%} of the time (minimum {LEAST_IDLE:.0%})"
    if load.stolen > MOST_STOLEN:
        yield f"the hypervisor took {load.stolen:.0%} of the machine's CPU time (maximum {MOST_STOLEN:.0%})"
    if load.waiting is not None and load.waiting > MOST_WAITING:
        yield (
            f"the machine was too busy: programs waited for a CPU {load.waiting:.0%} of the time "
            f"(maximum {MOST_WAITING:.0%})"
        )


def _of_link(client: str, direction: str, recorded: Recorded, since_ns: int) -> Iterator[Doubt]:
    def series(name: str) -> Sequence[Sample]:
        return [sample for sample in recorded.series(name) if sample.at_ns > since_ns]

    late = _stats(series(lateness_name(client, direction)))
    share = sum(late_ms > MOST_LATE_MS for late_ms in late) / len(late) if late else 0.0
    if share > MOST_LATE_SECONDS and share * len(late) >= LEAST_LATE_SECONDS:
        name = lateness_name(client, direction)
        yield Doubt(
            f"{client}: the forwarder was too slow: {direction} packets left more than {MOST_LATE_MS:g} ms late "
            f"in {share:.0%} of all seconds (maximum {MOST_LATE_SECONDS:.0%})",
            Limit(number=name, name=name, sign="<=", unit="ms", limits=[MOST_LATE_MS]),
        )
    short = _stats(series(shortfall_name(client, direction)))
    if sum(short) > MOST_LATE_SECONDS * len(short) and sum(short) >= LEAST_LATE_SECONDS:
        yield Doubt(
            f"{client}: this machine cannot reach the {direction} rate that is set: the forwarder used more than "
            f"{FULLY_BUSY:.0%} of a processor and still forwarded less in {sum(short) / len(short):.0%} of all seconds "
            f"(maximum {MOST_LATE_SECONDS:.0%})"
        )
    for cause in OWN_CAUSES:
        lost = _growth(series(f"{client}.{direction}.dropped.{cause}"))
        passed = _growth(series(f"{client}.{direction}.packets_in"))
        if lost > max(LEAST_LOST, MOST_LOST * passed):
            yield Doubt(f"{client}: the forwarder itself lost {lost:.0f} of {passed:.0f} {direction} packets ({cause})")


def _of_baseline(recorded: Recorded, compared: Sequence[str]) -> Iterator[Doubt]:
    for name in compared:
        values = _stats(recorded.window(name, *recorded.baseline) if recorded.baseline else ())
        mean = sum(values) / len(values) if values else 0.0
        if mean > 0 and min(values) < LEAST_STEADY * mean:
            yield Doubt(
                f"the baseline is unstable: {name} ranged from {min(values):g} to {max(values):g}",
                Limit(number=name, name=name, sign=">=", limits=[LEAST_STEADY * mean]),
            )


def _growth(series: Sequence[Sample]) -> float:
    """The growth of a counter, which restarts from 0 with its forwarder."""
    values = _stats(series)
    return sum(max(after - before, 0.0) for before, after in pairwise(values))


def _stats(series: Sequence[Sample]) -> list[float]:
    return [sample.value for sample in series if isinstance(sample.value, float | int)]
