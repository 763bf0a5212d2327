"""All checks of a scenario in one: it is read, planned and rehearsed, and nothing is started."""

from __future__ import annotations

from collections.abc import Mapping

from ..stack.compose_source import ComposeConfig
from .dry_run import dry_run
from .plan import Plan, make_plan
from .reader import read_scenario


def check_scenario(
    name: str,
    variables: Mapping[str, str] | None = None,
    environment: Mapping[str, str] | None = None,
    stack: str | None = None,
    seed: int | None = None,
    compose: ComposeConfig | None = None,
) -> Plan:
    """The plan of a scenario that can be played; raises WrongUse with a line that says where and what is wrong,
    and, if it is steps that cannot be read, one for each of them.

    The arguments are those of `read_scenario`, and the seed that takes the place of the scenario's own.
    """
    plan = make_plan(read_scenario(name, variables, environment, stack, compose), seed)
    dry_run(plan)
    return plan
