"""`doctor` and `selftest`: whether this machine can run a lab, and how accurately."""

from __future__ import annotations

from dataclasses import asdict

import typer

from ...control.backend import Backend
from ...errors import SynthlabError
from .. import console
from ..console import Table
from .labs import sweep
from .options import JsonOption


def doctor(context: typer.Context, json: JsonOption = False) -> None:
    """Check whether this machine can run a lab.

    Reports what is missing and how to fix it.

    \b
    Examples:
      synthlab doctor
      synthlab doctor --json
    """
    from ..doctor import examine

    backend: Backend = context.obj
    findings = examine(backend.engine)
    if json:
        console.print_json([asdict(finding) for finding in findings])
    else:
        rows = [(finding.mark, finding.subject, finding.result, finding.fix) for finding in findings]
        console.print_table(Table(("", "check", "result", "fix"), rows))
    failed = [finding.subject for finding in findings if finding.ok is False]
    if failed:
        raise SynthlabError(f"this machine cannot run a lab yet: {', '.join(failed)}")


def selftest(context: typer.Context, json: JsonOption = False) -> None:
    """Measure how accurate conditions are on this machine.

    Measures latency, loss and rate between two clients; takes about 10 s.

    The exit status is 1 if a value is off by more than its tolerance.

    \b
    Examples:
      synthlab selftest
      synthlab selftest --json
    """
    from ..selftest import judge, run_selftest, selftest_table

    backend: Backend = context.obj
    sweep(backend)
    with console.progress() as progress:
        checks = run_selftest(backend, progress)
    if json:
        console.print_json([check.to_dict() for check in checks])
    else:
        console.print_table(selftest_table(checks))
    judge(checks)
