"""Keys shared by several kinds of steps: durations, names, expressions ..., each with a reader and a JSON Schema."""

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
            node.wrong(f"{node.quoted()} is not one of {', '.join(allowed)}{hint}")
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
        value = node.text(what)
        if not value.isprintable() or len(value) > MAX_TEXT:
            node.wrong(f"must be one line of at most {MAX_TEXT} printable characters")
        return value

    return Key(read=read, schema=TEXT_SCHEMA, help=help, required=required)


def expression(help: str) -> Key:
    """An expression over measured numbers."""

    def read(node: Node, context: Context) -> Expression:
        try:
            return Expression.parse(node.text("an expression such as client1.video.client2.fps >= 10"), context.known)
        except ValueError as error:
            node.wrong(str(error))

    schema = {**TEXT_SCHEMA, "examples": ["client1.video.client2.fps >= 10"]}
    return Key(read=read, schema=schema, help=help, of_stack=True)


def clients(help: str, required: bool = False) -> Key:
    """Clients whose conditions can change: a name, group or `all`, or a list of them."""
    return _names(lambda context: context.clients, "client", help, required, CONDITIONABLE)


def containers(help: str) -> Key:
    """Containers of the lab: clients, groups, `all` clients, or `sfu`."""
    return _names(lambda context: context.containers, "client or sfu", help)


def _names(
    known: Callable[[Context], tuple[str, ...]],
    what: str,
    help: str,
    required: bool = False,
    conditionable: tuple[str, ...] = (),
) -> Key:
    """Names that must be in `known`; one in `conditionable` gets the hint how to condition it."""

    def read_entry(node: Node, context: Context) -> tuple[str, ...]:
        if node.value in conditionable and node.value not in known(context):
            node.wrong(f"{node.value} is not conditioned; add `network: {{}}` to it in the stack")
        return read_names(node, context, known(context), what)

    def read(node: Node, context: Context) -> tuple[str, ...]:
        nodes = node.items(f"a {what}") if isinstance(node.value, list) else [node]
        names = dict.fromkeys(name for entry in nodes for name in read_entry(entry, context))
        return tuple(names) or node.wrong(f"is empty; expected at least one {what}, or all")

    return Key(read=read, schema=NAMES_SCHEMA, help=help, required=required, of_stack=True)


def one(known: Callable[[Context], Iterable[str]], what: str, help: str, required: bool = False) -> Key:
    """One of the names returned by `known`."""

    def read(node: Node, context: Context) -> str:
        return read_one(node, tuple(known(context)), what)

    return Key(read=read, schema=TEXT_SCHEMA, help=help, required=required, of_stack=True)


def read_names(node: Node, context: Context, known: tuple[str, ...], what: str) -> tuple[str, ...]:
    """The names a name, group or `all` expands to; raises WrongUse with the closest match."""
    name = node.text(f"the name of a {what}")
    if name in known:
        return (name,)
    if name == ALL:
        return context.known.everyone
    return context.members(name) or (read_one(node, (*known, *context.known.groups, ALL), what),)


def read_one(node: Node, known: tuple[str, ...], what: str) -> str:
    name = node.text(f"the name of a {what}")
    if name not in known:
        node.wrong(no_such(what, name, known, where=" in this stack"))
    return name


_SCHEME = re.compile(r"https?://[^/\s]+\S*")


def address(help: str) -> Key:
    """An HTTP or HTTPS URL."""

    def read(node: Node, _: Context) -> str:
        url = node.text("a URL")
        if not _SCHEME.fullmatch(url):
            node.wrong(f"{url!r} is not a URL such as http://127.0.0.1:8080/hook")
        return url

    return Key(read=read, schema={"type": "string", "pattern": "^https?://"}, help=help)


def plain(read: Callable[[Node, Context], Any], schema: dict[str, Any], help: str, required: bool = False) -> Key:
    """A key with a custom reader and schema."""
    return Key(read=read, schema=schema, help=help, required=required)


def share(help: str) -> Key:
    """A share such as `10%`, as a fraction greater than 0."""

    def read(node: Node, _: Context) -> float:
        try:
            value = float(SHARE.parse(node.value))
        except ValueError as error:
            node.wrong(str(error))
        return value or node.wrong("must be greater than 0%")

    return Key(read=read, schema={"type": "string", "pattern": r"^\s*[0-9]+(\.[0-9]+)?\s*%\s*$"}, help=help)


def rate(help: str) -> Key:
    """A rate such as `1mbit`, in bit/s."""

    def read(node: Node, _: Context) -> float:
        try:
            value = float(RATE.parse(node.value))
        except ValueError as error:
            node.wrong(str(error))
        return value if value < inf else node.wrong("must be finite; omit it for no limit")

    return Key(read=read, schema={"type": "string", "pattern": RATE_PATTERN}, help=help)
