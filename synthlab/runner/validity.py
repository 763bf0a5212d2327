"""Whether the lab was a fair judge: quick enough, and not itself the cause of what was seen.

A run with such a problem is inconclusive, whatever its expectations came to. The limits were chosen from runs on two
processors: of a call of two browsers and two bots left alone, and of one beside as many busy loops as processors.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from ..contract import OWN_CAUSES
from ..control.state import MOST_LATE_MS, ClientState
from ..scenario.expression import NEVER_NS, Recorded, Sample, Value
from .host_load import HostLoad

MOST_LATE_SECONDS = 0.2
"""The share of seconds in which the forwarder may be later than MOST_LATE_MS."""
MOST_LOST = 0.01
"""The share of packets that the forwarder itself lost: its socket's queue was full, or it was stalled."""
LEAST_LOST = 10
LEAST_LATE_SECONDS = 3
"""Fewer say nothing of a lab, but of what has just begun or ended on its machine."""
LEAST_IDLE = 0.05
MOST_STOLEN = 0.1
MOST_WAITING = 0.9
LEAST_STEADY = 0.25
"""Of a number in the baseline: its least sample beside its mean."""
DIRECTIONS = ("ingress", "egress")


def lateness_name(client: str, direction: str) -> str:
    """The number that tells how late the forwarder was, in ms: not one for expectations."""
    return f"{client}.{direction}.late_p99"


def of_lateness(client: str, state: ClientState) -> dict[str, Value]:
    """These numbers, of the directions in which packets passed."""
    lateness = state.lateness
    return {lateness_name(client, direction): values["p99_ms"] for direction, values in lateness.items() if values}


def problems(
    clients: Sequence[str], recorded: Recorded, load: HostLoad | None, compared: Sequence[str], since_ns: int = NEVER_NS
) -> list[str]:
    """One line for each reason; `compared` are the numbers of the baseline that expectations speak of.

    What was recorded before `since_ns` counts for the baseline only.
    """
    links = [(client, direction) for client in clients for direction in DIRECTIONS]
    found = [line for client, direction in links for line in _of_link(client, direction, recorded, since_ns)]
    return [*_of_machine(load), *found, *_of_baseline(recorded, compared)]


def _of_machine(load: HostLoad | None) -> Iterator[str]:
    if load is None:
        return
    if load.idle < LEAST_IDLE:
        yield f"the machine was too busy: it was idle {load.idle:.0%} of the time (at least {LEAST_IDLE:.0%})"
    if load.stolen > MOST_STOLEN:
        yield f"the machine's processors were taken from it {load.stolen:.0%} of the time (at most {MOST_STOLEN:.0%})"
    if load.waiting is not None and load.waiting > MOST_WAITING:
        yield f"the machine was too busy: programs waited for a processor {load.waiting:.0%} of the time"


def _of_link(client: str, direction: str, recorded: Recorded, since_ns: int) -> Iterator[str]:
    def series(name: str) -> Sequence[Sample]:
        return [sample for sample in recorded.series(name) if sample.at_ns > since_ns]

    late = _stats(series(lateness_name(client, direction)))
    share = sum(late_ms > MOST_LATE_MS for late_ms in late) / len(late) if late else 0.0
    if share > MOST_LATE_SECONDS and share * len(late) >= LEAST_LATE_SECONDS:
        yield (
            f"{client}: its forwarder was too slow: in {share:.0%} of the seconds (at most {MOST_LATE_SECONDS:.0%}) "
            f"packets ({direction}) left more than {MOST_LATE_MS:g} ms late"
        )
    for cause in OWN_CAUSES:
        lost = _growth(series(f"{client}.{direction}.dropped.{cause}"))
        passed = _growth(series(f"{client}.{direction}.packets_in"))
        if lost > max(LEAST_LOST, MOST_LOST * passed):
            yield f"{client}: its forwarder lost {lost:.0f} of {passed:.0f} packets ({direction}) by itself ({cause})"


def _of_baseline(recorded: Recorded, compared: Sequence[str]) -> Iterator[str]:
    for name in compared:
        values = _stats(recorded.window(name, *recorded.baseline) if recorded.baseline else ())
        mean = sum(values) / len(values) if values else 0.0
        if mean > 0 and min(values) < LEAST_STEADY * mean:
            yield f"the baseline is bad: {name} went from {max(values):g} to {min(values):g} in it"


def _growth(series: Sequence[Sample]) -> float:
    """How much a counter has grown; it begins anew where its forwarder did."""
    values = _stats(series)
    return sum(max(after - before, 0.0) for before, after in pairwise(values))


def _stats(series: Sequence[Sample]) -> list[float]:
    return [sample.value for sample in series if isinstance(sample.value, float | int)]
