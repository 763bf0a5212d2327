"""Matrices: axes, combinations, and the order of runs."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from synthlab.errors import WrongUse
from synthlab.gate.matrix import cells, read_axes, runs
from synthlab.stack.profiles import profiles

pytestmark = pytest.mark.issue(16)

DECLARED = ("RATE", "LOSS")


def test_combinations() -> None:
    """The last axis varies first; a repetition plays all of them once more."""
    axes = read_axes(["RATE=100kbit,300kbit", "sfu.version=a,b"], DECLARED)
    assert [str(cell) for cell in cells(axes)] == [
        "RATE=100kbit sfu.version=a",
        "RATE=100kbit sfu.version=b",
        "RATE=300kbit sfu.version=a",
        "RATE=300kbit sfu.version=b",
    ]
    planned = runs(axes, 3)
    assert [(run.number, run.repetition) for run in planned] == [(number, number // 4) for number in range(12)]
    assert planned[5].cell == planned[1].cell


def test_variables_and_keys_of_the_stack() -> None:
    """A declared name is the scenario's; a dotted one, or `profile`, the stack's."""
    (cell,) = cells(read_axes(["LOSS=1%", "sfu.version=a", "profile=wpt/3g"], DECLARED))
    assert cell.variables == {"LOSS": "1%"}
    assert cell.stack_values == {"sfu.version": "a", "profile": "wpt/3g"}
    (cell,) = cells(read_axes(["profile=wpt/3g"], ["profile"]))
    assert cell.variables == {"profile": "wpt/3g"}


def test_globs() -> None:
    """They stand for the profiles that they match."""
    (axis,) = read_axes(["profile=wpt/*,loadero/4g"], ())
    assert axis.values == (*(name for name in profiles() if name.startswith("wpt/")), "loadero/4g")
    assert len(axis.values) > 5


@pytest.mark.parametrize(
    ("entries", "error"),
    [
        (["RATE"], "--matrix: 'RATE' is not of the form NAME=VALUE,VALUE"),
        (["RATE=1mbit", "RATE=2mbit"], "--matrix RATE: given more than once"),
        (["RATE=1mbit,,2mbit"], "--matrix RATE: a value between commas is empty"),
        (["RATE=1mbit,1mbit"], "--matrix RATE: 1mbit is given more than once"),
        (["RAET=1mbit"], "--matrix RAET: the scenario's `vars` have no such variable; did you mean RATE?"),
        (["profile=wtp/*"], "--matrix profile: no bundled profile matches wtp/*"),
    ],
)
def test_mistakes(entries: Sequence[str], error: str) -> None:
    """One line: where, what, what is allowed."""
    with pytest.raises(WrongUse) as caught:
        read_axes(entries, DECLARED)
    assert caught.value.message.startswith(error)


def test_too_many() -> None:
    """A matrix that nobody would wait for is refused."""
    axes = read_axes([f"RATE={','.join(map(str, range(101)))}"], DECLARED)
    with pytest.raises(WrongUse, match="101 combinations, 100 times each, are more than 10000 runs"):
        runs(axes, 100)
