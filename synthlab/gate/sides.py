"""BASE and NEW of a comparison, as they are given on the command line."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from ..errors import WrongUse
from ..stack.stack_values import repository_of
from .matrix import refuse_unknown_name

Kind = Literal["results", "stack", "value", "command", "image"]
_SUFFIXES: Mapping[str, Kind] = {".json": "results", ".yaml": "stack", ".yml": "stack"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """What one side is played with. `text` is as given; `command` is run before each run of the side.

    `repository` is that of an image, whose keys depend on the stack.
    """

    text: str
    kind: Kind
    variables: Mapping[str, str] = field(default_factory=dict)
    stack_values: Mapping[str, str] = field(default_factory=dict)
    stack: str | None = None
    command: str | None = None
    repository: str = ""


def kind_of(base: str, new: str, command: bool) -> Kind:
    """What both are: files of results, stacks, values or images. Raises WrongUse if they are not of one kind."""
    if command:
        return "command"
    kinds = [_kind(text) for text in (base, new)]
    if kinds[0] != kinds[1]:
        raise WrongUse(f"BASE and NEW are not of one kind: {base} is {_NAMES[kinds[0]]}, {new} is {_NAMES[kinds[1]]}")
    return kinds[0]


def read_sides(base: str, new: str, kind: Kind, declared: Collection[str]) -> tuple[Side, Side]:
    """Both sides. A value is of a variable in `declared`, else of a key of the stack. Raises WrongUse."""
    if kind == "value" and base.partition("=")[0] != new.partition("=")[0]:
        raise WrongUse(f"BASE and NEW set different names: {base} and {new}")
    if kind == "image" and repository_of(base) != repository_of(new):
        raise WrongUse(f"BASE and NEW are tags of different images: {repository_of(base)} and {repository_of(new)}")
    return _side(base, kind, declared), _side(new, kind, declared)


def abba(runs: int) -> Iterator[tuple[int, int]]:
    """The order of runs, as (side, repetition): BASE NEW, NEW BASE, ... so that a slow drift hits both alike."""
    for repetition in range(runs):
        yield from ((side, repetition) for side in ((0, 1) if repetition % 2 == 0 else (1, 0)))


_NAMES: Mapping[Kind, str] = {
    "results": "a file of results",
    "stack": "a stack file",
    "value": "a value",
    "image": "an image",
    "command": "a command",
}


def _kind(text: str) -> Kind:
    if "=" in text:
        return "value"
    return next((kind for suffix, kind in _SUFFIXES.items() if text.endswith(suffix)), "image")


def _side(text: str, kind: Kind, declared: Collection[str]) -> Side:
    if kind == "stack":
        return Side(text=text, kind=kind, stack=text)
    if kind == "command":
        return Side(text=text, kind=kind, command=text)
    if kind == "image":
        return Side(text=text, kind=kind, repository=repository_of(text))
    if kind == "results":
        return Side(text=text, kind=kind)
    name, _, value = text.partition("=")
    if not (name and value):
        raise WrongUse(f"{text!r} is not of the form NAME=VALUE")
    if refuse_unknown_name("BASE and NEW:", name, declared):
        return Side(text=text, kind=kind, stack_values={name: value})
    return Side(text=text, kind=kind, variables={name: value})
