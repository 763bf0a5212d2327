"""The kinds of values that stand in several kinds of steps, each with its JSON Schema."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from math import inf
from typing import Any

from syntheticnet.conditions import RATE, SHARE, ConditionsError

from ..errors import did_you_mean, no_such
from ..stack.durations import DAY_NS, parse_between
from ..stack.model import CONDITIONABLE
from ..stack.yaml import Node
from .expression import Expression
from .step_kind import Context, Key

ALL = "all"
MAX_TEXT = 200

RATE_PATTERN = r"^\s*[0-9]+(\.[0-9]+)?\s*[kmgKMG]?[bB][iI][tT](/s)?\s*$"
TEXT_SCHEMA = {"type": ["string", "number"], "minLength": 1}
TIME_SCHEMA = {"type": "string", "pattern": r"^\s*[0-9]+(\.[0-9]+)?\s*(ms|s|min|h)\s*$", "examples": ["10s"]}
NAMES_SCHEMA = {"anyOf": [TEXT_SCHEMA, {"type": "array", "items": TEXT_SCHEMA, "minItems": 1}]}


def time(help: str, least_ns: int = 0, most_ns: int = DAY_NS, required: bool = False) -> Key:
    """A duration such as `10s`, in nanoseconds."""

    def read(node: Node, _: Context) -> int:
        try:
            return parse_between(node.value, least_ns, most_ns)
        except ConditionsError as error:
            node.wrong(error.what)

    return Key(read=read, schema=TIME_SCHEMA, help=help, required=required)


def word(names: Iterable[str], help: str) -> Key:
    """One of several words."""
    allowed = tuple(names)

    def read(node: Node, _: Context) -> str:
        if node.value not in allowed:
            hint = did_you_mean(str(node.value), allowed)
            node.wrong(f"{node.plain()!r} is not one of {', '.join(allowed)}{hint}")
        return str(node.value)

    return Key(read=read, schema={"enum": list(allowed)}, help=help)


def switch(help: str) -> Key:
    return Key(read=lambda node, context: node.switch(), schema={"type": "boolean"}, help=help)


def whole(low: int, high: int, help: str) -> Key:
    schema = {"type": "integer", "minimum": low, "maximum": high}
    return Key(read=lambda node, context: node.whole(low, high), schema=schema, help=help)


def text(help: str, what: str = "a text", required: bool = False) -> Key:
    """One line of printable characters."""

    def read(node: Node, _: Context) -> str:
        found = node.text(what)
        if not found.isprintable() or len(found) > MAX_TEXT:
            node.wrong(f"is not one line of at most {MAX_TEXT} printable characters")
        return found

    return Key(read=read, schema=TEXT_SCHEMA, help=help, required=required)


def expression(help: str) -> Key:
    """An expression on measured numbers."""

    def read(node: Node, context: Context) -> Expression:
        try:
            return Expression.parse(node.text("an expression such as client1.video.client2.fps >= 10"), context.known)
        except ValueError as error:
            node.wrong(str(error))

    return Key(read=read, schema={**TEXT_SCHEMA, "examples": ["client1.video.client2.fps >= 10"]}, help=help)


def clients(help: str, required: bool = False) -> Key:
    """Clients whose conditions change: names, groups or `all`, alone or as a list."""
    return _names(lambda context: context.clients, "client", help, required)


def containers(help: str) -> Key:
    """Containers of the lab: clients, groups, `all` clients, or `sfu`."""
    return _names(lambda context: context.containers, "client or sfu", help)


def _names(known: Callable[[Context], tuple[str, ...]], what: str, help: str, required: bool = False) -> Key:
    def read(node: Node, context: Context) -> tuple[str, ...]:
        nodes = node.items(f"a {what}") if isinstance(node.value, list) else [node]
        found = dict.fromkeys(name for entry in nodes for name in read_names(entry, context, known(context), what))
        return tuple(found) or node.wrong(f"is empty: name at least one {what}, or all")

    return Key(read=read, schema=NAMES_SCHEMA, help=help, required=required)


def one(known: Callable[[Context], Iterable[str]], what: str, help: str, required: bool = False) -> Key:
    """One name of those that `known` gives."""

    def read(node: Node, context: Context) -> str:
        return read_one(node, tuple(known(context)), what)

    return Key(read=read, schema=TEXT_SCHEMA, help=help, required=required)


def read_names(node: Node, context: Context, known: tuple[str, ...], what: str) -> tuple[str, ...]:
    """The names that one word means; raises WrongUse with the nearest."""
    name = node.text(f"the name of a {what}")
    if name in known:
        return (name,)
    if name == ALL:
        return context.known.clients
    return context.members(name) or (read_one(node, (*known, *context.known.groups, ALL), what),)


def read_one(node: Node, known: tuple[str, ...], what: str) -> str:
    name = node.text(f"the name of a {what}")
    if name not in known:
        if name in CONDITIONABLE:
            node.wrong(f"the {name} has no conditions: give it `network: {{}}` in the stack")
        node.wrong(no_such(what, name, known, where=" in this stack"))
    return name


_SCHEME = re.compile(r"https?://[^/\s]+\S*")


def address(help: str) -> Key:
    """An address of the web."""

    def read(node: Node, _: Context) -> str:
        found = node.text("an address")
        if not _SCHEME.fullmatch(found):
            node.wrong(f"{found!r} is not an address such as http://127.0.0.1:8080/hook")
        return found

    return Key(read=read, schema={"type": "string", "pattern": "^https?://"}, help=help)


def plain(read: Callable[[Node, Context], Any], schema: dict[str, Any], help: str, required: bool = False) -> Key:
    """A key with a reader of its own."""
    return Key(read=read, schema=schema, help=help, required=required)


def share(help: str) -> Key:
    """A share such as `10%`, as a part of 1; more than nothing."""

    def read(node: Node, _: Context) -> float:
        try:
            found = float(SHARE.parse(node.value))
        except ValueError as error:
            node.wrong(str(error))
        return found or node.wrong(f"{node.plain()!r} is nothing; give more than 0%")

    return Key(read=read, schema={"type": "string", "pattern": r"^\s*[0-9]+(\.[0-9]+)?\s*%\s*$"}, help=help)


def rate(help: str) -> Key:
    """A rate such as `1mbit`, in bit/s."""

    def read(node: Node, _: Context) -> float:
        try:
            found = float(RATE.parse(node.value))
        except ValueError as error:
            node.wrong(str(error))
        return found if found < inf else node.wrong("unlimited is no rate; leave it out")

    return Key(read=read, schema={"type": "string", "pattern": RATE_PATTERN}, help=help)
