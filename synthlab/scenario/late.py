"""Warnings for expectations that start after every impairment they could judge has ended."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import assert_never

from ..text.durations import format_duration
from .actions import Baseline, Change, ContainerChange, Exec, Http, Judge, Reset, Roam, Traffic
from .plan import Plan
from .timeline import Event, timeline


def late_expectations(plan: Plan) -> list[str]:
    """One line for each late `expect` or `never` with `at`, assuming that every earlier step finishes early.

    `recovers` is exempt: it is meant to start then.
    """
    return list(_late(timeline(plan.track)))


def _late(events: list[Event]) -> Iterator[str]:
    ends_ns: dict[tuple[str, str], int | None] = {}
    for event in events:
        match event.action:
            case Change(layer=layer, clients=names, lease_ns=lease_ns):
                end_ns = None if lease_ns is None else event.at_ns + lease_ns
                ends_ns |= dict.fromkeys(((layer, name) for name in names), end_ns)
            case Traffic(for_ns=for_ns):
                ends_ns[event.run.id, ""] = event.at_ns + for_ns
            case Reset(clients=names):
                ends_ns = {key: end_ns for key, end_ns in ends_ns.items() if key[1] not in names}
            case ContainerChange(action=action, names=names):
                down = action in ("pause", "stop")
                ends_ns |= dict.fromkeys((("", name) for name in names), None if down else event.at_ns)
            case Roam(client=name, way=way):
                ends_ns["roam", name] = event.at_ns + way.gap_ns
            case Judge(kind="expect" | "never") if event.run.has_at:
                over_ns = _last(ends_ns.values())
                if over_ns is not None and over_ns <= event.at_ns:
                    yield _warning(event, over_ns)
            case Judge() | Baseline() | Exec() | Http():
                pass  # changes nothing
            case _:
                assert_never(event.action)


def _last(ends_ns: Iterable[int | None]) -> int | None:
    """The latest end; None if one is open-ended, or there are none."""
    ends = list(ends_ns)
    known = [end_ns for end_ns in ends if end_ns is not None]
    return max(known) if known and len(known) == len(ends) else None


def _warning(event: Event, over_ns: int) -> str:
    place, begins, over = event.run.place, format_duration(event.at_ns), format_duration(over_ns)
    return (
        f"{place}: {place.path}: starts at {begins}, but every earlier change has ended by {over}; "
        f"start it earlier or use `recovers`"
    )
