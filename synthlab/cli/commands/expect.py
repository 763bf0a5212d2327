"""`expect`: waits until an expression holds, for scripts."""

from __future__ import annotations

from typing import Annotated

import typer

from ...control.backend import Backend
from ...errors import ExpectationFailed
from .. import console
from .options import JsonOption, LabOption, complete_expressions

ExpressionArgument = Annotated[
    str,
    typer.Argument(
        metavar="EXPR",
        help='For example "client1.video.client2.fps >= 10"; quote it.',
        autocompletion=complete_expressions,
    ),
]
WithinOption = Annotated[
    str | None,
    typer.Option("--within", metavar="10s", help="How long to wait until it holds; by default, it must hold now."),
]
ForOption = Annotated[str | None, typer.Option("--for", metavar="3s", help="How long it must then keep holding.")]


def expect(
    context: typer.Context,
    expression: ExpressionArgument,
    within: WithinOption = None,
    for_: ForOption = None,
    lab: LabOption = None,
    json: JsonOption = False,
) -> None:
    """Wait until an expression holds.

    The exit status is 0 if it held, 1 if it did not, 2 if the expression is invalid, and 3 if the lab failed or this
    machine was too slow to judge. See docs/scenarios.md for expressions.

    \b
    Examples:
      synthlab expect "client1.video.client2.fps >= 10" --within 30s
      synthlab expect "client1.video.client2.fps >= 10" --within 30s --for 3s
      synthlab expect "bot.sent.video.kbps > 100" --json
    """
    from ...lab.lab import Lab

    backend: Backend = context.obj
    with Lab.named(backend, lab) as attached:
        try:
            result = attached.expect(expression, within=within, for_=for_)
        except ExpectationFailed as failed:
            if json:
                console.print_json({"expression": expression, "held": False, "reason": failed.message})
            raise
    if json:
        took = {"took_s": result.took_s, "error_s": result.error_s}
        rounded = {name: None if value is None else round(value, 3) for name, value in took.items()}
        answer = {"expression": expression, "held": True, "reason": result.reason, "seen": dict(result.seen)}
        console.print_json(answer | rounded)
    else:
        console.print_line(f"{result.reason}, after {result.took_s or 0:.1f} s")
