"""Every check of a scenario that needs no lab: read, plan, dry run."""

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
    stack_values: Mapping[str, str] | None = None,
) -> Plan:
    """Read, plan and dry-run a scenario. Raises WrongUse; for invalid steps, with one line for each of them.

    The arguments are those of `read_scenario`, plus a `seed` that overrides the scenario's own.
    """
    plan = make_plan(read_scenario(name, variables, environment, stack, compose, stack_values), seed)
    dry_run(plan)
    return plan
