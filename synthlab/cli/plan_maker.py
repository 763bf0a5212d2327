"""Makes the plans of `bisect`, `sweep` and `compare`: one scenario with many values. Each file is read once a value."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from ..control.backend import Backend
from ..errors import WrongUse

if TYPE_CHECKING:
    from ..scenario import Plan

_Key = tuple[tuple[str, str], ...]


def refuse_unfit_lab(backend: Backend, plans: Sequence[Plan], lab: str | None) -> None:
    """Raise WrongUse if the plans would all be played in a lab that is up already, but are for different stacks.

    So it does if that lab is not `lab`, and of another stack than theirs.
    """
    from ..deploy.compose_file import digest
    from ..deploy.plan import refuse_other_stack

    names = {plan.scenario.stack.name for plan in plans}
    running = [lab] if lab else sorted(names & set(backend.engine.labs()))
    if running and len({digest(plan.scenario.stack) for plan in plans}) > 1:
        raise WrongUse(
            f"the lab '{running[0]}' would be used for all runs, but their stacks differ: "
            + ("leave out --lab" if lab else f"take it down first with `synthlab down {running[0]}`")
        )
    if running and not lab:
        refuse_other_stack(plans[0].scenario.stack, backend.engine)


def pull_images(backend: Backend, plans: Iterable[Plan]) -> None:
    """Pull what only a registry can have, before the first run. Raises SynthlabError with the image that is missing."""
    from ..deploy.image_steps import perform, pull_steps
    from ..deploy.images import foreign_images
    from .console import progress

    tags = dict.fromkeys(tag for plan in plans for tag in foreign_images(plan.scenario.stack))
    with progress() as shown:
        perform(pull_steps(tags, backend.engine), backend.engine, shown)


def split_values(scenario: str, values: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """The variables of a scenario among values that are given with --var, and those of dotted keys of its stack.

    A name that the scenario's `vars` declare is a variable, whatever its form. Raises WrongUse.
    """
    from ..scenario import declared_variables
    from ..stack.stack_values import is_stack_key

    in_stack = {name for name in values if is_stack_key(name)}
    if in_stack:
        in_stack -= declared_variables(scenario).keys()
    variables = {name: value for name, value in values.items() if name not in in_stack}
    return variables, {name: value for name, value in values.items() if name in in_stack}


@dataclass
class PlanMaker:
    """Checked plans of the scenario `name`. `made_by` marks the labs that are brought up for them."""

    backend: Backend
    name: str
    stack: str | None = None
    seed: int | None = None
    allow_host: bool = False
    made_by: str | None = None
    _read: dict[tuple[_Key, _Key, str | None], Plan] = field(default_factory=dict)

    def plan(
        self, variables: Mapping[str, str], stack_values: Mapping[str, str], repetition: int, stack: str | None = None
    ) -> Plan:
        """The plan of a repetition, counted from 0; each has the next seed. `stack` replaces the maker's own.

        Raises WrongUse.
        """
        from ..scenario import repeated

        key = tuple(sorted(variables.items())), tuple(sorted(stack_values.items())), stack
        if key not in self._read:
            self._read[key] = self._checked(variables, stack_values, stack or self.stack)
        plan = repeated(self._read[key], repetition)
        scenario = plan.scenario
        return replace(plan, scenario=replace(scenario, stack=replace(scenario.stack, made_by=self.made_by)))

    def _checked(self, variables: Mapping[str, str], stack_values: Mapping[str, str], stack: str | None) -> Plan:
        from ..scenario import check_scenario
        from ..scenario.rights import refuse_strange

        own, in_stack = split_values(self.name, variables)
        plan = check_scenario(
            self.name,
            own,
            stack=stack,
            seed=self.seed,
            compose=self.backend.engine.compose_config,
            stack_values={**in_stack, **stack_values},
        )
        if not self.allow_host:
            refuse_strange(plan)
        return plan
