"""Warns of expectations that begin when nothing is in force any more of what they are there to judge."""

from __future__ import annotations

from collections.abc import Iterator
from math import inf
from typing import assert_never

from .actions import Baseline, Change, Container, Exec, Http, Judge, Reset, Traffic
from .formatting import seconds
from .plan import Plan
from .timeline import Event, timeline

_GRAIN_S = 1e-6


def late_expectations(plan: Plan) -> list[str]:
    """A line for each `expect` and `never` with `at` that begins so late even where all before it is done early.

    `recovers` is meant to begin then.
    """
    return list(_late(timeline(plan.track)))


def _late(events: list[Event]) -> Iterator[str]:
    ends_s: dict[tuple[str, str], float] = {}
    for event in events:
        match event.action:
            case Change(layer=layer, clients=names, lease_s=lease_s):
                end_s = inf if lease_s is None else event.at_s + lease_s
                ends_s |= dict.fromkeys(((layer, name) for name in names), end_s)
            case Traffic(for_s=for_s):
                ends_s[event.run.id, ""] = event.at_s + for_s
            case Reset(clients=names):
                ends_s = {key: end_s for key, end_s in ends_s.items() if key[1] not in names}
            case Container(doing=doing, names=names):
                down = doing in ("pause", "stop")
                ends_s |= dict.fromkeys((("", name) for name in names), inf if down else event.at_s)
            case Judge(kind="expect" | "never") if event.run.has_at:
                over_s = max(ends_s.values(), default=inf)
                if over_s <= event.at_s + _GRAIN_S:
                    yield _warning(event, over_s)
            case Judge() | Baseline() | Exec() | Http():
                pass  # puts nothing in force
            case _:
                assert_never(event.action)


def _warning(event: Event, over_s: float) -> str:
    place = event.run.place
    return (
        f"{place}: {place.path}: begins at {seconds(event.at_s)}, but all that the steps before it put in force "
        f"is over at {seconds(over_s)}: begin it earlier, or judge by `recovers`"
    )
