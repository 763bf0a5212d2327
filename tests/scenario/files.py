"""Scenario files for tests, against a stack with two browsers and two bots."""

from __future__ import annotations

from pathlib import Path

import pytest

from synthlab.errors import WrongUse
from synthlab.scenario import Plan, check_scenario, make_plan, read_scenario
from synthlab.scenario.plan_text import plan_text

STACK = """\
sfu: {app: janus}
clients:
  client1: {app: chrome}
  client2: {app: chrome}
  bot: {app: bot, count: 2}
"""


def write(folder: Path, steps: str, top: str = "stack: call.yaml\n", stack: str = STACK) -> str:
    """Write a scenario whose steps start at line 3; returns its path."""
    (folder / "call.yaml").write_text(stack)
    file = folder / "s.yaml"
    file.write_text(f"{top}steps:\n{steps}" if steps else top)
    return str(file)


def checked(folder: Path, steps: str, top: str = "stack: call.yaml\n", stack: str = STACK, **given: str) -> Plan:
    """The plan of a scenario that must be valid."""
    return check_scenario(write(folder, steps, top, stack), given, {})


def planned(folder: Path, steps: str, seed: int | None = None) -> Plan:
    """The plan without the dry run."""
    return make_plan(read_scenario(write(folder, steps), environment={}), seed)


def body(folder: Path, steps: str) -> list[str]:
    """The plan's text without the lines above the steps."""
    return plan_text(checked(folder, steps)).splitlines()[4:]


def refused(folder: Path, steps: str, top: str, expected: str) -> None:
    """Check that this scenario is rejected on one line: the file's path, `:`, and a text starting with `expected`."""
    file = write(folder, steps, top)
    with pytest.raises(WrongUse) as caught:
        checked(folder, steps, top)
    assert caught.value.message.startswith(f"{file}:{expected.replace('FOLDER', str(folder))}")
    assert "\n" not in caught.value.message
