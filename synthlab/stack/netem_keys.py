"""The key `netem` of stacks, profiles and scenarios: replaced by the conditions that its text means."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from syntheticnet.conditions import DIRECTIONS

from ..errors import WrongUse
from .netem import EXAMPLE, KEY, Translation, translate
from .yaml import Node

SCHEMA = {"type": "string", "minLength": 1, "examples": [EXAMPLE]}
HELP = "options of tc-netem(8) and tc-tbf(8), translated; own values beside it win"
SIDES = (*DIRECTIONS, "both")


def read_netem(node: Node) -> Translation:
    """The translation of a text; raises WrongUse with its line."""
    text = node.text(f"a text such as {EXAMPLE}")
    try:
        return translate(text)
    except WrongUse as error:
        node.wrong(error.message)


def expand_link(node: Node) -> Node:
    """Values of one side, with those of its `netem` below its own. Raises WrongUse with the line of the text."""
    if not isinstance(node.value, dict) or KEY not in node.value:
        return node
    return replace(node, value=_meant(node) | _without_key(node))


def expand_network(node: Node) -> Node:
    """The same for a network with directions and flows; its own `netem` is for both directions."""
    if not isinstance(node.value, dict):
        return node
    both = _meant(node)
    value = _without_key(node)
    for side in DIRECTIONS:
        if both or side in value:
            link = expand_link(value.get(side) or replace(node, value={}, path=_below(node, side)))
            value[side] = replace(link, value=both | link.value) if isinstance(link.value, dict) else link
    if "flows" in value and isinstance(value["flows"].value, dict):
        flows = {name: expand_network(flow) for name, flow in value["flows"].value.items()}
        value["flows"] = replace(value["flows"], value=flows)
    return replace(node, value=value)


def translations(node: Node) -> Iterator[tuple[str, Translation]]:
    """Each `netem` in a network or step that has been read without a mistake, with the path to its key."""
    if not isinstance(node.value, dict):
        return
    if KEY in node.value:
        yield node.value[KEY].path, read_netem(node.value[KEY])
    for side in SIDES:
        if side in node.value:
            yield from translations(node.value[side])
    if "flows" in node.value:
        for flow in node.value["flows"].below():
            yield from translations(flow)


def _meant(node: Node) -> dict[str, Node]:
    """The values of a mapping's `netem`, as nodes at its place."""
    if KEY not in node.value:
        return {}
    text: Node = node.value[KEY]
    values = read_netem(text).values.items()
    return {name: Node(value, text.file, text.line, _below(node, name), _written(value)) for name, value in values}


def _without_key(node: Node) -> dict[str, Node]:
    return {name: value for name, value in node.value.items() if name != KEY}


def _written(value: Any) -> str:
    return "" if value is None else str(value)


def _below(node: Node, key: str) -> str:
    return f"{node.path}.{key}" if node.path else key
