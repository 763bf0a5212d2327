"""Parses scenario files. Mistakes are reported here or by the dry run, before anything is started."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from .. import assets
from ..errors import WrongUse, did_you_mean
from ..stack import Stack, find_stack_file, read_stack
from ..stack.bundled import find_file
from ..stack.compose_source import ComposeConfig
from ..stack.mistakes import Mistakes
from ..stack.variables import Variables
from ..stack.yaml import Node, read_yaml
from ..text.durations import SECOND_NS
from . import keys
from .conditions_reader import named_flows
from .expression import Known
from .model import Scenario
from .step_kind import Context, Key
from .step_reader import read_steps

MAX_SEED = 2**63 - 1

TOP: dict[str, Key] = {
    "about": keys.text("one-line description"),
    "stack": keys.text("the stack file, a path relative to the scenario or a bundled stack", required=True),
    "seed": keys.whole(0, MAX_SEED, "seed for random walks and random loss (default: 0)"),
    "vars": keys.plain(
        lambda node, _: _vars(node),
        {"type": "object", "additionalProperties": {"type": ["string", "number", "boolean"]}},
        "variables and their default values; --var overrides them",
    ),
    "timeout": keys.time("the longest the scenario may take", SECOND_NS),
    "steps": keys.plain(read_steps, {"$ref": "#/$defs/steps"}, "the steps to play", required=True),
}
"""The top-level keys of a scenario. Keys that start with `x-` are ignored."""

_NO_STACK = Stack(name="", file="", sfu=None, clients=())


def scenario_files() -> dict[str, Path]:
    """The bundled scenarios, by file name."""
    return {file.name: file for file in sorted((assets.stacks() / "scenarios").glob("*.yaml"))}


def find_scenario_file(name: str) -> Path:
    """Resolve `name`: a path, or a bundled scenario with or without `.yaml`. Raises WrongUse."""
    return find_file(name, scenario_files(), "scenario")


def read_scenario(
    name: str,
    variables: Mapping[str, str] | None = None,
    environment: Mapping[str, str] | None = None,
    stack: str | None = None,
    compose: ComposeConfig | None = None,
    stack_values: Mapping[str, str] | None = None,
) -> Scenario:
    """Read the scenario `name`: a path or a bundled scenario. Raises WrongUse.

    A variable takes its value from `variables` (--var), else from the file's `vars`, else from `environment`. `stack`
    overrides the stack named in the file, and `stack_values` values in it, by dotted keys; `compose` resolves its
    Compose file, if it has one.
    """
    path = find_scenario_file(name)
    shown_as = name if Path(name).is_file() else path.name
    surroundings = os.environ if environment is None else environment
    overrides = dict(variables or {})
    declared = _declared(path, shown_as, {**surroundings, **overrides})
    known = Variables({**surroundings, **declared, **overrides})
    top = read_yaml(path, shown_as, known)
    _refuse_unused(overrides, known.asked | declared.keys())
    scenario = _read_top(
        top, path, stack, partial(read_stack, environment=surroundings, compose=compose, values=stack_values)
    )
    own = declared | overrides
    asked = tuple(sorted(known.asked & surroundings.keys() - own.keys()))
    return replace(scenario, vars={**own, **(stack_values or {})}, source=path, environment=asked)


def declared_variables(name: str) -> dict[str, str]:
    """The variables in the `vars` of a scenario, with their defaults. Raises WrongUse."""
    path = find_scenario_file(name)
    return _declared(path, name if Path(name).is_file() else path.name, os.environ)


def _read_top(top: Node, path: Path, stack_name: str | None, read: Callable[[str], Stack]) -> Scenario:
    own = top.without_extensions()
    entries = own.mapping(what="a scenario with a stack and steps")
    mistakes, values = Mistakes(), dict[str, Any]()
    with mistakes.noted():
        own.refuse_unknown(TOP)
    # An unknown key may be a required one with a typo: one mistake, so one message.
    if not mistakes:
        with mistakes.noted():
            _refuse_missing(own, {*entries, "stack"} if stack_name else set(entries))
    stack_file, stack, has_stack = "", _NO_STACK, False
    with mistakes.noted():
        if stack_name or "stack" in entries:
            stack_file, stack = _read_stack(own, entries, path.parent, stack_name, read)
            has_stack = True
    flows = frozenset([*_flows(stack), *named_flows(own)])
    context = Context(stack, path.parent, Known.of(stack), read_steps, flows, has_stack)
    for name, node in entries.items():
        if name in TOP and name != "stack":
            with mistakes.noted():
                values[name] = TOP[name].read(node, context)
    mistakes.report()
    return Scenario(
        name=path.stem,
        file=top.file,
        stack=stack,
        stack_file=stack_file,
        steps=values["steps"],
        seed=values.get("seed"),
        timeout_ns=values.get("timeout"),
        about=values.get("about"),
    )


def _flows(stack: Stack) -> Iterator[str]:
    for network in stack.networks.values():
        yield from (flow.name for present in network.conditions.each_state() for flow in present.flows)


def _refuse_missing(top: Node, given: set[str]) -> None:
    mistakes = Mistakes()
    for name, key in TOP.items():
        if key.required and name not in given:
            with mistakes.noted():
                top.wrong(f"requires {name}: {key.help}")
    mistakes.report()


def _stack_file(node: Node, folder: Path) -> str:
    name = node.text("the name of a stack file, such as call.yaml; a stack needs a file of its own")
    return str(folder / name) if (folder / name).is_file() else name


def _read_stack(
    top: Node, entries: Mapping[str, Node], folder: Path, override: str | None, read: Callable[[str], Stack]
) -> tuple[str, Stack]:
    """The name of the stack's file, and the stack."""
    own = _stack_file(entries["stack"], folder) if "stack" in entries else ""
    file = override or own
    try:
        find_stack_file(file)
    except WrongUse as error:
        entries.get("stack", top).wrong(error.message)
    return file, read(file)


def _vars(node: Node) -> dict[str, str]:
    return {name: entry.text("a value") for name, entry in node.mapping(what="variables such as {RATE: 1mbit}").items()}


def _declared(path: Path, shown_as: str, variables: Mapping[str, str]) -> dict[str, str]:
    """The file's `vars`, read before other variables in the file can be resolved."""
    top = read_yaml(path, shown_as, Variables(variables, lenient=True))
    if not isinstance(top.value, dict) or "vars" not in top.value:
        return {}
    return _vars(top.value["vars"])


def _refuse_unused(overrides: Mapping[str, str], used: set[str]) -> None:
    for name in overrides:
        if name not in used:
            known = f"; there are: {', '.join(sorted(used))}" if used else ""
            raise WrongUse(f"--var {name}: the scenario has no such variable{did_you_mean(name, used) or known}")
