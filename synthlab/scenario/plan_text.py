"""A plan as text, for people and for tests that compare it."""

from __future__ import annotations

from collections.abc import Iterator

from ..text.durations import format_duration
from .formatting import joined, span
from .model import Timed
from .plan import Plan, Visit

_SHOWN = 6
"""The most actions shown of one step."""


def plan_text(plan: Plan, every: bool = False) -> str:
    """One line per step, with its time; below it the actions of a step with several, shortened unless `every`."""
    return "\n".join(_lines(plan, every))


def _lines(plan: Plan, every: bool) -> Iterator[str]:
    yield f"{plan.scenario.name}: stack {plan.scenario.stack_file}, seed {plan.seed}"
    yield f"clients: {joined(plan.clients)}"
    yield f"takes {span(plan.least_ns, plan.most_ns)}"
    yield ""
    track = ""
    for visit in plan.visits():
        if visit.track and visit.track != track:
            yield f"{'':>14}  {'  ' * visit.depth}track {visit.track}:"
        track = visit.track
        yield _line(visit)
        yield from _actions(visit, every)


def _line(visit: Visit) -> str:
    when = span(visit.earliest_ns, visit.latest_ns)
    mark = f"  # {visit.run.mark}" if visit.run.mark else ""
    return f"{when:>14}  {'  ' * visit.depth}{visit.run.text}{mark}"


def _actions(visit: Visit, every: bool) -> Iterator[str]:
    actions = visit.run.actions
    if len(actions) < 2:
        return
    hidden = 0 if every or len(actions) <= _SHOWN else len(actions) - _SHOWN
    for action in actions[: len(actions) - hidden - 1]:
        yield _action(action, visit.depth)
    if hidden:
        yield f"{'':>14}  {'  ' * visit.depth}    ... {hidden} more ..."
    yield _action(actions[-1], visit.depth)


def _action(timed: Timed, depth: int) -> str:
    return f"{'':>14}  {'  ' * depth}  +{format_duration(timed.at_ns):<7} {timed.action}"
