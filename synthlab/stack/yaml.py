"""YAML values with file, line and path, so that every mistake can be located."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, NoReturn

from syntheticnet.conditions import ConditionsError

from ..errors import WrongUse, did_you_mean
from .mistakes import Mistakes
from .variables import interpolate
from .yaml_tree import Tree, compose_text, compose_yaml, tag_of

MOST_QUOTED = 60
_UNFIT = re.compile("[\x00\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Node:
    """One value of a file. `value` is a dict or list of Nodes, or a scalar; `written` is the scalar as typed.

    `line` is 0 where it is not known, as in what another program has resolved.
    """

    value: Any
    file: str
    line: int
    path: str = ""
    written: str = field(default="", compare=False)

    def wrong(self, what: str) -> NoReturn:
        """Raise WrongUse with `file:line: path: what`."""
        place = f"{self.file}:{self.line}" if self.line else self.file
        raise WrongUse(": ".join(part for part in (place, self.path, what) if part))

    def wrong_at(self, error: ConditionsError) -> NoReturn:
        """Raise WrongUse for a schema error, at the line of the nested value it is about."""
        place, rest = self._below(error.where)
        path = ".".join(part for part in (place.path, rest) if part)
        replace(place, path=path).wrong(error.what)

    def mapping(self, allowed: Iterable[str] = (), what: str = "a mapping") -> dict[str, Node]:
        """The keys and values; raises WrongUse for a key not in `allowed`, unless that is empty."""
        if not isinstance(self.value, dict):
            self.wrong(f"{self.quoted()} is not {what}")
        if names := list(allowed):
            self.refuse_unknown(names)
        return dict(self.value)

    def without_extensions(self) -> Node:
        """The top level without `x-` keys, which hold anchors and notes, as in Compose files."""
        if not isinstance(self.value, dict):
            return self
        return replace(self, value={key: node for key, node in self.value.items() if not key.startswith("x-")})

    def refuse_unknown(self, allowed: Collection[str]) -> None:
        """Raise WrongUse for every key of this mapping that is not in `allowed`."""
        mistakes = Mistakes()
        for key, node in self.value.items():
            if key not in allowed:
                with mistakes.noted():
                    node.wrong(f"no such key{did_you_mean(key, allowed)}; allowed: {', '.join(allowed)}")
        mistakes.report()

    def items(self, what: str) -> list[Node]:
        """The entries of a list."""
        if not isinstance(self.value, list):
            self.wrong(f"{self.quoted()} is not {what}")
        return list(self.value)

    def text(self, what: str = "a text") -> str:
        """A non-empty scalar as typed: `1.10` stays `1.10`."""
        if isinstance(self.value, dict | list) or self.value is None or not self.written:
            self.wrong(f"{self.quoted()} is not {what}")
        return self.written

    def whole(self, low: int, high: int) -> int:
        """A whole number from `low` to `high`."""
        if isinstance(self.value, bool) or not isinstance(self.value, int) or not low <= self.value <= high:
            self.wrong(f"{self.quoted()} is not a whole number from {low} to {high}")
        return self.value

    def switch(self) -> bool:
        """true or false."""
        if not isinstance(self.value, bool):
            self.wrong(f"{self.quoted()} is not true or false")
        return self.value

    def below(self) -> list[Node]:
        """The values of a mapping or entries of a list; empty for a scalar."""
        if isinstance(self.value, dict):
            return list(self.value.values())
        return list(self.value) if isinstance(self.value, list) else []

    def plain(self) -> Any:
        """The value as plain dicts, lists and scalars."""
        if isinstance(self.value, dict):
            return {key: node.plain() for key, node in self.value.items()}
        if isinstance(self.value, list):
            return [node.plain() for node in self.value]
        return self.value

    def quoted(self) -> str:
        """The value for an error: a scalar or a short list as typed, anything else by its kind."""
        if isinstance(self.value, dict):
            return "a mapping"
        if isinstance(self.value, list):
            listed = f"[{', '.join(entry.written for entry in self.value)}]"
            nested = any(isinstance(entry.value, dict | list) for entry in self.value)
            return "a list" if nested or len(listed) > MOST_QUOTED else listed
        return repr(self.value) if isinstance(self.value, str) else self.written or "nothing"

    def at(self, place: Sequence[str]) -> Node:
        """The value that these keys of mappings lead to."""
        node = self
        for key in place:
            node = node.value[key]
        return node

    def with_text(self, place: Sequence[str], text: str) -> Node:
        """The same with a text as the value that these keys lead to."""
        if not place:
            return replace(self, value=text, written=text)
        key, *rest = place
        return replace(self, value=self.value | {key: self.value[key].with_text(rest, text)})

    def with_value(self, place: Sequence[str], text: str) -> Node:
        """The same with a scalar, as typed in a file, at the end of these keys; mappings on the way are made."""
        if not place:
            return replace(self, value=_typed(tag_of(text), text), written=text)
        key, *rest = place
        if not (isinstance(self.value, dict) or self.value is None):
            self.wrong(f"{self.quoted()} has no key {key}")
        entries = self.value or {}
        path = f"{self.path}.{key}" if self.path else key
        below = entries.get(key, Node(None, self.file, self.line, path))
        return replace(self, value=entries | {key: below.with_value(rest, text)})

    def _below(self, where: str) -> tuple[Node, str]:
        """The deepest node on a dotted path, and the rest of the path; keys may contain dots."""
        if isinstance(self.value, dict):
            for key, node in self.value.items():
                if where == key or where.startswith(f"{key}."):
                    place: tuple[Node, str] = node._below(where[len(key) + 1 :])
                    return place
        return self, where


def read_yaml(path: Path, shown_as: str, environment: Mapping[str, str]) -> Node:
    """The file's top value with `${VARIABLES}` substituted from `environment`; raises WrongUse."""
    return _Reader(shown_as, environment).node(compose_yaml(path, shown_as), "")


def read_resolved(text: str, shown_as: str) -> Node:
    """The top value of YAML that another program has resolved: without variables, and without lines of its own."""
    return _Reader(shown_as, None).node(compose_text(text, shown_as), "")


class _Reader:
    """Converts ruamel's nodes to ours; `environment` None: no variables are substituted, and lines are not kept."""

    def __init__(self, file: str, environment: Mapping[str, str] | None) -> None:
        self.file = file
        self.environment = environment

    def _line(self, source: Tree) -> int:
        return 0 if self.environment is None else int(source.start_mark.line) + 1

    def node(self, source: Tree, path: str) -> Node:
        here = Node(None, self.file, self._line(source), path)
        if source.id == "scalar":
            return self._scalar(source, here)
        value = self._mapping(source, here) if source.id == "mapping" else self._sequence(source, here)
        return replace(here, value=value)

    def _sequence(self, source: Tree, here: Node) -> list[Node]:
        return [self.node(entry, f"{here.path}[{index}]") for index, entry in enumerate(source.value)]

    def _mapping(self, source: Tree, here: Node) -> dict[str, Node]:
        own: dict[str, Node] = {}
        merged: dict[str, Node] = {}
        for key_node, value_node in source.value:
            if key_node.id != "scalar":
                here.wrong("has a key that is not a scalar")
            key = str(key_node.value)
            path = f"{here.path}.{key}" if here.path else key
            line = self._line(key_node)
            if key == "<<":
                for base in self._merge_bases(value_node):
                    # Of several bases, the first that has a key wins (YAML merge keys).
                    merged = self._mapping(base, here) | merged
            elif key in own:
                replace(here, line=line, path=path).wrong("duplicate key")
            else:
                # The line of the key, which people look for: its value may start lines below.
                own[key] = replace(self.node(value_node, path), line=line)
        return merged | own

    def _merge_bases(self, source: Tree) -> Iterator[Tree]:
        bases = source.value if source.id == "sequence" else [source]
        for base in bases:
            if base.id != "mapping":
                Node(None, self.file, self._line(source), "<<").wrong("is not a mapping or a list of mappings")
            yield base

    def _scalar(self, source: Tree, here: Node) -> Node:
        try:
            written = source.value if self.environment is None else interpolate(source.value, self.environment)
        except ValueError as error:
            here.wrong(str(error))
        if _UNFIT.search(written):
            here.wrong("contains a NUL character or a lone surrogate")
        # An unquoted variable counts as what is written in its place: `count: ${N}` is a number.
        plain = source.style is None and written != source.value
        return replace(here, value=_typed(tag_of(written) if plain else str(source.tag), written), written=written)


def _typed(tag: str, text: str) -> Any:
    """A scalar's value. Dates and custom tags stay strings: stack files do not use them."""
    kind = tag.rpartition(":")[2]
    try:
        if kind == "int":
            # Base 0 is for 0x and 0o; it refuses the leading zeros of decimals, which YAML 1.2 allows.
            return int(text, 10 if text.lstrip("+-").isdecimal() else 0)
        if kind == "float":
            return float(text)
    except ValueError:
        return text
    if kind == "bool":
        return text.lower() == "true"
    return None if kind == "null" else text
