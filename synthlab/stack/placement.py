"""Reads `placement:`, which node of a swarm a container runs on: `{node: worker-2}` or `{labels: {zone: a}}`."""

from __future__ import annotations

import re
from collections.abc import Iterator

from .yaml import Node

WHAT = "a node such as {node: worker-2}, or labels such as {labels: {zone: a}}"
_WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def read_placement(node: Node) -> tuple[str, ...]:
    """The constraints, as Swarm writes them. Raises WrongUse with the line."""
    keys = node.mapping(("node", "labels"), WHAT)
    if not keys:
        node.wrong(f"is not {WHAT}")
    return tuple(_constraints(keys))


def _constraints(keys: dict[str, Node]) -> Iterator[str]:
    if "node" in keys:
        yield f"node.hostname=={_word(keys['node'], 'the name of a node')}"
    for name, value in keys["labels"].mapping(what="labels such as {zone: a}").items() if "labels" in keys else ():
        if not _WORD.fullmatch(name):
            value.wrong(f"{name!r} is not the name of a label")
        yield f"node.labels.{name}=={_word(value, 'the value of a label')}"


def _word(node: Node, what: str) -> str:
    text = node.text(what)
    if not _WORD.fullmatch(text):
        node.wrong(f"{text!r} is not {what}: letters, digits, `.`, `_` and `-`")
    return text
