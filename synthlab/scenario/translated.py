"""What each `netem` of a scenario and its stack means, in our own words."""

from __future__ import annotations

from .actions import Change
from .plan import Plan


def translated(plan: Plan) -> list[str]:
    """Lines for a terminal: values, and below them what differs from the kernel; first those of the stack."""
    scenario = plan.scenario
    changes = (timed.action for visit in plan.visits() for timed in visit.run.actions)
    steps = dict.fromkeys(change.translated for change in changes if isinstance(change, Change))
    own = [line for lines in steps for line in lines]
    return [*_of(scenario.stack.file, scenario.stack.translated), *_of(scenario.file, own)]


def _of(file: str, lines: list[str]) -> list[str]:
    return [line if line.startswith(" ") else f"{file}: {line}" for line in lines]
