"""`scenario`: lists, shows and checks scenarios, and prints JSON Schemas of scenario and stack files."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ...control.backend import Backend
from ...engine.api import EngineApi
from ...errors import WrongUse, did_you_mean
from .. import console
from ..console import Table
from ..plan_maker import split_values
from ..tables import NOTHING
from . import bisect, compare, report, run, sweep
from .options import (
    JsonOption,
    OtherStackOption,
    ScenarioArgument,
    ScenariosArgument,
    ScenarioSeedOption,
    VarOption,
    read_variables,
)
from .outputs import write_file

if TYPE_CHECKING:
    from ...scenario import Plan

SCHEMAS = ("scenario", "stack")


def _complete_schemas(incomplete: str) -> list[str]:
    return [name for name in SCHEMAS if name.startswith(incomplete)]


EveryOption = Annotated[bool, typer.Option("--every", help="Every value of a step that changes over time.")]
PictureOption = Annotated[
    Path | None, typer.Option("--picture", metavar="FILE.html", help="Write the timeline as an HTML page with charts.")
]
SchemaArgument = Annotated[
    str, typer.Argument(metavar="KIND", help=f"{' or '.join(SCHEMAS)}.", autocompletion=_complete_schemas)
]


def list_(json: JsonOption = False) -> None:
    """List the bundled scenarios.

    \b
    Examples:
      synthlab scenario list
      synthlab scenario list --json
    """
    from ...scenario import make_plan, read_scenario, scenario_files
    from ...scenario.formatting import span
    from ...scenario.plan_json import summary

    files = scenario_files()
    plans = [make_plan(read_scenario(file)) for file in files]
    for file in files:
        if Path(file).is_file():
            console.print_note(f"{file}: the file in this folder overrides the bundled scenario")
    if json:
        console.print_json([summary(plan) for plan in plans])
        return
    rows = [
        (
            plan.scenario.name,
            plan.scenario.about or NOTHING,
            plan.scenario.stack_file,
            span(plan.least_ns, plan.most_ns),
        )
        for plan in plans
    ]
    console.print_table(Table(("scenario", "about", "stack", "takes"), rows))


def show(
    context: typer.Context,
    name: ScenarioArgument,
    variables: VarOption = None,
    seed: ScenarioSeedOption = None,
    stack: OtherStackOption = None,
    every: EveryOption = False,
    picture: PictureOption = None,
    json: JsonOption = False,
) -> None:
    """Show the timeline of a scenario.

    A step whose time depends on an expectation has an earliest and a latest time.

    \b
    Examples:
      synthlab scenario show dog-chews-fiber
      synthlab scenario show rate-sine --every
      synthlab scenario show ./mine.yaml --var RATE=1mbit --seed 3
      synthlab scenario show train --picture train.html
    """
    from ...scenario import check_scenario
    from ...scenario.plan_json import plan_data
    from ...scenario.plan_text import plan_text

    backend: Backend = context.obj
    compose = backend.engine.compose_config
    own, in_stack = split_values(name, read_variables(variables))
    plan = check_scenario(name, own, stack=stack, seed=seed, compose=compose, stack_values=in_stack)
    if json:
        console.print_json(plan_data(plan))
    else:
        console.print_lines(plan_text(plan, every))
    if picture:
        _write_picture(plan, picture)


def check(
    context: typer.Context,
    names: ScenariosArgument,
    variables: VarOption = None,
    stack: OtherStackOption = None,
    json: JsonOption = False,
) -> None:
    """Check scenarios without running them.

    Prints one line for each; the exit status is 2 if one is invalid.

    Reports unknown names and values, wrong units, missing files and unreachable times, with file and line. Warns about
    expectations that start after all changes have ended. Lists what a scenario and its stack do with your
    rights: commands and HTTP requests of this machine, builds, mounts, Compose services, environment variables. Shows
    what each `netem` means.

    \b
    Examples:
      synthlab scenario check ./mine.yaml
      synthlab scenario check ./a.yaml ./b.yaml --stack ./two.yaml
    """
    values = read_variables(variables)
    backend: Backend = context.obj
    checked = [_check(name, values, stack, backend.engine) for name in names]
    if json:
        console.print_json([one.to_dict() for one in checked])
    else:
        for one in checked:
            one.show()
    if any(one.plan is None for one in checked):
        raise typer.Exit(WrongUse.exit_code)


def schema(kind: SchemaArgument = "scenario") -> None:
    """Print the JSON Schema of scenario or stack files.

    Editors use it to complete and check these files.

    \b
    Examples:
      synthlab scenario schema > scenario.schema.json
      synthlab scenario schema stack > stack.schema.json
    """
    from ...scenario.schema import scenario_schema, stack_schema

    made = {"scenario": scenario_schema, "stack": stack_schema}
    if kind not in made:
        raise WrongUse(f"no schema for '{kind}'{did_you_mean(kind, SCHEMAS)}; expected one of: {', '.join(SCHEMAS)}")
    console.print_json(made[kind]())


@dataclass(frozen=True, slots=True)
class _Checked:
    """The result for one scenario: its plan, or the error."""

    name: str
    plan: Plan | None = None
    error: WrongUse | None = None

    @property
    def warnings(self) -> list[str]:
        from ...scenario import late_expectations

        return late_expectations(self.plan) if self.plan else []

    @property
    def acts(self) -> list[str]:
        """Its actions that use the user's rights."""
        from ...scenario.rights import acts

        return acts(self.plan) if self.plan else []

    @property
    def translated(self) -> list[str]:
        """What each `netem` means."""
        from ...scenario import translated

        return translated(self.plan) if self.plan else []

    def to_dict(self) -> dict[str, Any]:
        from ...scenario.plan_json import summary

        more = {"warnings": self.warnings, "acts": self.acts, "netem": self.translated}
        facts = summary(self.plan) | more if self.plan else {}
        return {"name": self.name, "error": self.error.message if self.error else None, **facts}

    def show(self) -> None:
        from ...scenario.formatting import span

        if self.error:
            console.print_error(self.error)
        if self.plan:
            steps = sum(1 for _ in self.plan.visits())
            result = f"{steps} step{'s' * (steps != 1)}, takes {span(self.plan.least_ns, self.plan.most_ns)}"
            console.print_line(f"{self.plan.scenario.file}: valid: {result}")
        for line in self.translated:
            console.print_line(f"  {line}")
        for act in self.acts:
            console.print_line(f"  acts with your rights: {act}")
        for warning in self.warnings:
            console.print_note(f"warning: {warning}")


def _check(name: str, variables: Mapping[str, str], stack: str | None, engine: EngineApi) -> _Checked:
    from ...scenario import check_scenario

    try:
        own, in_stack = split_values(name, variables)
        plan = check_scenario(name, own, stack=stack, compose=engine.compose_config, stack_values=in_stack)
        return _Checked(name, plan=plan)
    except WrongUse as error:
        return _Checked(name, error=error)


def _write_picture(plan: Plan, file: Path) -> None:
    from ...report import planned_page

    write_file("--picture", file, planned_page(plan))


scenario = typer.Typer(help="Run, check and report timed scripts.")
_COMMANDS: Mapping[str, Callable[..., None]] = {
    "run": run.run,
    "check": check,
    "show": show,
    "list": list_,
    "schema": schema,
    "bisect": bisect.bisect,
    "sweep": sweep.sweep,
    "compare": compare.compare,
    "report": report.report,
}
for _name, _command in _COMMANDS.items():
    scenario.command(_name)(_command)
