"""`scenario`: timed scripts with expectations; and `schema`, which tells editors of files that people write."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ...control.backend import Backend
from ...engine.api import EngineApi
from ...errors import WrongUse, did_you_mean
from .. import console
from ..console import Table
from ..tables import NOTHING
from . import report, run
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

scenario = typer.Typer(help="Play, check and list timed scripts.")
scenario.command("run")(run.run)
scenario.command("report")(report.report)


def _complete_schemas(incomplete: str) -> list[str]:
    return [name for name in SCHEMAS if name.startswith(incomplete)]


EveryOption = Annotated[bool, typer.Option("--every", help="Each value of steps that change over time, not a few.")]
PictureOption = Annotated[
    Path | None, typer.Option("--picture", metavar="FILE.html", help="Write the time line as a page with a picture.")
]
SchemaArgument = Annotated[
    str, typer.Argument(metavar="KIND", help=f"One of {', '.join(SCHEMAS)}.", autocompletion=_complete_schemas)
]


@scenario.command("list")
def list_(json: JsonOption = False) -> None:
    """List the bundled scenarios.

    What each is about, its stack, and how long it takes.

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
            console.print_note(f"{file} is the one in this folder, which goes before the bundled one")
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


@scenario.command("show")
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
    """Show what a scenario does when.

    Its time line, for the seed that it has or is given.

    A step whose time depends on an expectation has an earliest and a latest time.

    \b
    Examples:
      synthlab scenario show dog-chews-fiber
      synthlab scenario show rate-sine --every
      synthlab scenario show ./mine.yaml --var RATE=1mbit --seed 3 --json
      synthlab scenario show train --picture train.html
    """
    from ...scenario import check_scenario
    from ...scenario.plan_json import plan_data
    from ...scenario.plan_text import plan_text

    backend: Backend = context.obj
    compose = backend.engine.compose_config
    plan = check_scenario(name, read_variables(variables), stack=stack, seed=seed, compose=compose)
    if json:
        console.print_json(plan_data(plan))
    else:
        console.print_lines(plan_text(plan, every))
    if picture:
        _write_picture(plan, picture)


@scenario.command("check")
def check(
    context: typer.Context,
    names: ScenariosArgument,
    variables: VarOption = None,
    stack: OtherStackOption = None,
    json: JsonOption = False,
) -> None:
    """Check scenarios, and start nothing.

    One line each; the exit status is 2 if any is wrong.

    Names, units, files, times that cannot be reached and numbers that cannot exist are found, with file and line. An
    expectation that begins when nothing is in force any more is a warning. What a scenario and its stack do with your
    rights is listed: commands and questions of this machine, builds, mounts, Compose services, and variables that they
    take from your environment.

    \b
    Examples:
      synthlab scenario check ./mine.yaml
      synthlab scenario check ./a.yaml ./b.yaml --var RATE=1mbit --stack ./two.yaml
    """
    given = read_variables(variables)
    backend: Backend = context.obj
    checked = [_check(name, given, stack, backend.engine) for name in names]
    if json:
        console.print_json([one.to_dict() for one in checked])
    else:
        for one in checked:
            one.show()
    if any(one.plan is None for one in checked):
        raise typer.Exit(WrongUse.exit_code)


def schema(kind: SchemaArgument) -> None:
    """Print the JSON Schema of scenario or stack files.

    With it an editor completes and checks them.

    \b
    Examples:
      synthlab schema scenario > scenario.schema.json
      synthlab schema stack > stack.schema.json
    """
    from ...scenario.schema import scenario_schema, stack_schema

    made = {"scenario": scenario_schema, "stack": stack_schema}
    if kind not in made:
        raise WrongUse(f"no schema of '{kind}'{did_you_mean(kind, SCHEMAS)}; there are: {', '.join(SCHEMAS)}")
    console.print_json(made[kind]())


@dataclass(frozen=True, slots=True)
class _Checked:
    """What was found of one scenario: its plan, or why there is none."""

    name: str
    plan: Plan | None = None
    error: WrongUse | None = None

    @property
    def warnings(self) -> list[str]:
        from ...scenario import late_expectations

        return late_expectations(self.plan) if self.plan else []

    @property
    def acts(self) -> list[str]:
        """What it does with the user's rights."""
        from ...scenario.rights import acts

        return acts(self.plan) if self.plan else []

    def to_dict(self) -> dict[str, Any]:
        from ...scenario.plan_json import summary

        facts = summary(self.plan) | {"warnings": self.warnings, "acts": self.acts} if self.plan else {}
        return {"name": self.name, "error": self.error.message if self.error else None, **facts}

    def show(self) -> None:
        from ...scenario.formatting import span

        if self.error:
            console.print_error(self.error)
        if self.plan:
            steps = sum(1 for _ in self.plan.visits())
            result = f"{steps} step{'s' * (steps != 1)}, takes {span(self.plan.least_ns, self.plan.most_ns)}"
            console.print_line(f"{self.plan.scenario.file}: can be played: {result}")
        for act in self.acts:
            console.print_line(f"  acts with your rights: {act}")
        for warning in self.warnings:
            console.print_note(f"warning: {warning}")


def _check(name: str, variables: Mapping[str, str], stack: str | None, engine: EngineApi) -> _Checked:
    from ...scenario import check_scenario

    try:
        plan = check_scenario(name, variables, stack=stack, compose=engine.compose_config)
        return _Checked(name, plan=plan)
    except WrongUse as error:
        return _Checked(name, error=error)


def _write_picture(plan: Plan, file: Path) -> None:
    from ...report import planned_page

    write_file("--picture", file, planned_page(plan))
