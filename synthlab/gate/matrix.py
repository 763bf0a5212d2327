"""A matrix of values: every combination of the axes, each repeated, in a fixed order of runs."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from itertools import product

from ..errors import WrongUse, did_you_mean
from ..stack.profiles import profiles
from ..stack.stack_values import is_stack_key

MOST_RUNS = 10_000
_GLOB = frozenset("*?[")


@dataclass(frozen=True, slots=True)
class MatrixAxis:
    """A variable of the scenario, or a dotted key of its stack (`in_stack`), with the values that it takes."""

    name: str
    values: tuple[str, ...]
    in_stack: bool


@dataclass(frozen=True, slots=True)
class Cell:
    """One combination: a value for each axis."""

    axes: tuple[MatrixAxis, ...]
    values: tuple[str, ...]

    @property
    def by_name(self) -> dict[str, str]:
        return dict(self._pairs())

    @property
    def variables(self) -> dict[str, str]:
        """Those of the scenario."""
        return {axis.name: value for axis, value in zip(self.axes, self.values, strict=True) if not axis.in_stack}

    @property
    def stack_values(self) -> dict[str, str]:
        """Those of the stack, by dotted key."""
        return {axis.name: value for axis, value in zip(self.axes, self.values, strict=True) if axis.in_stack}

    def _pairs(self) -> Iterator[tuple[str, str]]:
        yield from ((axis.name, value) for axis, value in zip(self.axes, self.values, strict=True))

    def __str__(self) -> str:
        return " ".join(f"{name}={value}" for name, value in self._pairs())


@dataclass(frozen=True, slots=True)
class MatrixRun:
    """One run: a combination and its repetition, counted from 0."""

    number: int
    cell: Cell
    repetition: int


def read_axes(entries: Iterable[str], declared: Collection[str]) -> tuple[MatrixAxis, ...]:
    """The axes of `NAME=VALUE,VALUE`. A value with `*` or `?` stands for all bundled profiles that it matches.

    A name that is no variable in `declared` must be a key of the stack: dotted, or `profile`, that of every client's
    network. Raises WrongUse.
    """
    axes: list[MatrixAxis] = []
    for entry in entries:
        name, equals, listed = entry.partition("=")
        if not (name and equals and listed):
            raise WrongUse(f"--matrix: {entry!r} is not of the form NAME=VALUE,VALUE, such as RATE=100kbit,300kbit")
        if any(axis.name == name for axis in axes):
            raise WrongUse(f"--matrix {name}: given more than once")
        axes.append(MatrixAxis(name, _values(name, listed), refuse_unknown_name("--matrix", name, declared)))
    return tuple(axes)


def refuse_unknown_name(flag: str, name: str, declared: Collection[str]) -> bool:
    """Whether a name is a key of the stack, not a declared variable of the scenario. Raises WrongUse if neither."""
    if name in declared:
        return False
    if is_stack_key(name):
        return True
    known = did_you_mean(name, declared) or f"; there are: {', '.join(sorted(declared)) or 'none'}"
    raise WrongUse(
        f"{flag} {name}: the scenario's `vars` have no such variable{known}; a key of the stack is dotted, such as "
        "sfu.version"
    )


def cells(axes: Sequence[MatrixAxis]) -> list[Cell]:
    """Every combination; the last axis varies first."""
    return [Cell(tuple(axes), values) for values in product(*(axis.values for axis in axes))]


def runs(axes: Sequence[MatrixAxis], repeat: int) -> list[MatrixRun]:
    """Every combination once, then each once more. Raises WrongUse for too many."""
    made = cells(axes)
    if len(made) * repeat > MOST_RUNS:
        raise WrongUse(f"--matrix: {len(made)} combinations, {repeat} times each, are more than {MOST_RUNS} runs")
    return [
        MatrixRun(repetition * len(made) + place, cell, repetition)
        for repetition in range(repeat)
        for place, cell in enumerate(made)
    ]


def matrix_text(axes: Sequence[MatrixAxis]) -> Mapping[str, str]:
    """The values of each axis, as they could be typed."""
    return {axis.name: ",".join(axis.values) for axis in axes}


def _values(name: str, listed: str) -> tuple[str, ...]:
    values = [value for entry in listed.split(",") for value in _expanded(name, entry.strip())]
    for value in values:
        if values.count(value) > 1:
            raise WrongUse(f"--matrix {name}: {value} is given more than once")
    return tuple(values)


def _expanded(name: str, entry: str) -> list[str]:
    if not entry:
        raise WrongUse(f"--matrix {name}: a value between commas is empty")
    if not _GLOB & set(entry):
        return [entry]
    found = [profile for profile in profiles() if fnmatchcase(profile, entry)]
    if not found:
        raise WrongUse(f"--matrix {name}: no bundled profile matches {entry}; `synthlab profile list` has them all")
    return found
