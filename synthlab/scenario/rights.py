"""Actions of a scenario and its stack that run with the user's rights; foreign files need permission for them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import assert_never

from ..errors import WrongUse
from ..stack.ownership import is_own
from ..stack.rights import stack_acts
from .actions import Action, Baseline, Change, ContainerChange, Exec, Http, Judge, Reset, Roam, Traffic
from .plan import Plan

ALLOW = "--allow-host"


def acts(plan: Plan) -> list[str]:
    """One line for each such action, with its position."""
    return [*_own_acts(plan), *_stack_acts(plan)]


def refuse_strange(plan: Plan) -> None:
    """Raise WrongUse if a file from outside the user's project acts with the user's rights."""
    scenario = plan.scenario
    for source, lines in ((scenario.source, list(_own_acts(plan))), (scenario.stack.source, list(_stack_acts(plan)))):
        if source and lines and not is_own(source):
            more = f" ({len(lines) - 1} more: `synthlab scenario check` lists them)" if len(lines) > 1 else ""
            raise WrongUse(f"{lines[0]}{more}: {source} is outside your project; allow it with {ALLOW}")


def _own_acts(plan: Plan) -> Iterator[str]:
    seen = set()
    for visit in plan.visits():
        for timed in visit.run.actions:
            action = timed.action
            if _acts_on_host(action):
                line = f"{visit.run.place}: {action}"
                if line not in seen:
                    seen.add(line)
                    yield line
    scenario = plan.scenario
    yield from (f"{scenario.file}: reads the environment variable {name}" for name in scenario.environment)


def _acts_on_host(action: Action) -> bool:
    match action:
        case Http():
            return True
        case Exec(where=where):
            return where is None
        case Change() | Reset() | Judge() | Baseline() | ContainerChange() | Roam() | Traffic():
            return False
        case _:
            assert_never(action)


def _stack_acts(plan: Plan) -> Iterator[str]:
    stack = plan.scenario.stack
    yield from (f"{stack.file}: {line}" for line in stack_acts(stack))
