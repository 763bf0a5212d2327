"""Parses lists of steps: the kind of each step, its start time and its keys."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..errors import did_you_mean
from ..stack.mistakes import Mistakes
from ..stack.yaml import Node
from ..text.durations import format_duration
from . import keys
from .model import Place, Step
from .step_kind import Context, StepKind
from .steps import KINDS, mark

MOST_DEPTH = 8
MOST_STEPS = 1000

COMMON = {
    "at": keys.time("start time, counted from the end of the last step without `at`"),
    "after": keys.time("delay between the end of all earlier steps and the start of this one"),
    "mark": mark.KIND.keys["mark"],
}
"""Keys that every kind of step accepts."""

_BY_NAME = {kind.name: kind for kind in KINDS}


def read_steps(node: Node, context: Context) -> tuple[Step, ...]:
    """The steps of one track; raises WrongUse with one line for each invalid step."""
    # Each level of steps adds an index to the path.
    if node.path.count("[") >= MOST_DEPTH:
        node.wrong(f"is nested too deeply; at most {MOST_DEPTH} levels of steps are allowed")
    entries = node.items("a list of steps such as [{set: client2, egress: {rate: 1mbit}}]")
    if not 1 <= len(entries) <= MOST_STEPS:
        node.wrong(f"has {len(entries)} steps; expected 1 to {MOST_STEPS}")
    steps: list[Step] = []
    mistakes = Mistakes()
    for entry in entries:
        with mistakes.noted():
            step = _read_step(entry, context)
            if step and steps:
                _refuse_early(step, steps[-1], entry)
            steps += [step] if step else []
    mistakes.report()
    return tuple(steps)


def _read_step(node: Node, context: Context) -> Step | None:
    """The step; None if there is no stack to build it for."""
    entries = node.mapping(what="a step such as {set: client2, egress: {rate: 1mbit}}")
    kind = _kind_of(node, entries)
    common = {name: entries[name] for name in COMMON if name in entries}
    own = {name: entry for name, entry in entries.items() if name not in COMMON or name == kind.name}
    mistakes, values = Mistakes(), dict[str, Any]()
    if "at" in common and "after" in common:
        with mistakes.noted():
            common["after"].wrong("cannot be combined with `at`; use one of them")
    for name, entry in common.items():
        with mistakes.noted():
            values[name] = COMMON[name].read(entry, context)
    with mistakes.noted():
        body = kind.read(node, own, context, COMMON)
    mistakes.report()
    if body is None:
        return None
    return Step(
        kind=kind.name,
        body=body,
        place=Place(node.file, node.line, node.path),
        at_ns=values.get("at"),
        after_ns=values.get("after", 0),
        mark=values.get("mark"),
    )


def _kind_of(node: Node, entries: Mapping[str, Node]) -> StepKind:
    kinds = [name for name in entries if name in _BY_NAME and name != mark.KIND.name]
    if len(kinds) > 1:
        entries[kinds[1]].wrong(f"starts a second step in the entry of {kinds[0]}; put it in a list entry of its own")
    if not kinds and mark.KIND.name not in entries:
        hint = next((near for name in entries if (near := did_you_mean(name, _BY_NAME))), "")
        node.wrong(f"not a step{hint}; expected one of {', '.join(_BY_NAME)}")
    return _BY_NAME[kinds[0] if kinds else mark.KIND.name]


def _refuse_early(step: Step, before: Step, node: Node) -> None:
    if step.at_ns is not None and before.at_ns is not None and step.at_ns < before.at_ns:
        previous = f"{format_duration(before.at_ns)}, the time of the previous step (line {before.place.line})"
        node.value["at"].wrong(f"{format_duration(step.at_ns)} is before {previous}; list steps in order of time")
