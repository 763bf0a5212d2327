"""From a list of steps in a file to Steps: which kind each is, when it begins, and what it says."""

from __future__ import annotations

from collections.abc import Mapping

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
    "at": keys.time("when it begins, since the last step without `at` was done"),
    "after": keys.time("how long after all steps before it are done it begins"),
    "mark": mark.KIND.keys["mark"],
}
"""Keys that may stand beside those of every kind."""

_BY_NAME = {kind.name: kind for kind in KINDS}


def read_steps(node: Node, context: Context) -> tuple[Step, ...]:
    """The steps of one track; raises WrongUse with a line for each step that is wrong, the first in front."""
    if node.path.count("[") >= MOST_DEPTH:
        node.wrong(f"lies within more than {MOST_DEPTH} lists of steps")
    entries = node.items("a list of steps such as [{set: client2, egress: {rate: 1mbit}}]")
    if not 1 <= len(entries) <= MOST_STEPS:
        node.wrong(f"has {len(entries)} steps; allowed are 1 to {MOST_STEPS}")
    steps: list[Step] = []
    mistakes = Mistakes()
    for entry in entries:
        with mistakes.noted():
            step = _read_step(entry, context)
            if steps:
                _refuse_early(step, steps[-1], entry)
            steps.append(step)
    mistakes.report()
    return tuple(steps)


def _read_step(node: Node, context: Context) -> Step:
    given = node.mapping(what="a step such as {set: client2, egress: {rate: 1mbit}}")
    kind = _kind_of(node, given)
    common = {name: given[name] for name in COMMON if name in given}
    if "at" in common and "after" in common:
        common["after"].wrong("cannot stand beside `at`: give one of them")
    values = {name: COMMON[name].read(entry, context) for name, entry in common.items()}
    own = {name: entry for name, entry in given.items() if name not in COMMON or name == kind.name}
    return Step(
        kind=kind.name,
        body=kind.read(node, own, context),
        place=Place(node.file, node.line, node.path),
        at_ns=values.get("at"),
        after_ns=values.get("after", 0),
        mark=values.get("mark"),
    )


def _kind_of(node: Node, given: Mapping[str, Node]) -> StepKind:
    kinds = [name for name in given if name in _BY_NAME and name != mark.KIND.name]
    if len(kinds) > 1:
        given[kinds[1]].wrong(f"is a second step beside {kinds[0]}: begin it with a dash of its own")
    if not kinds and mark.KIND.name not in given:
        hint = next((near for name in given if (near := did_you_mean(name, _BY_NAME))), "")
        node.wrong(f"is no step{hint}; a step has one of {', '.join(_BY_NAME)}")
    return _BY_NAME[kinds[0] if kinds else mark.KIND.name]


def _refuse_early(step: Step, before: Step, node: Node) -> None:
    if step.at_ns is not None and before.at_ns is not None and step.at_ns < before.at_ns:
        there = f"the step before it (line {before.place.line})"
        at = node.value["at"]
        at.wrong(f"{format_duration(step.at_ns)} lies before {format_duration(before.at_ns)}, the time of {there}")
