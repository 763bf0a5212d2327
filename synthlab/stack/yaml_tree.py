"""Parses a YAML file into ruamel's node tree, with limits on size, depth and alias expansion."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

from ..errors import WrongUse
from ..text.text_file import read_text_file

MOST_BYTES = 256_000
MOST_DEPTH = 50
MOST_NODES = 20_000
TOO_DEEP = f"is nested too deeply: at most {MOST_DEPTH} levels are allowed"
TOO_MANY = f"has too many values: at most {MOST_NODES} keys and values are allowed"

Tree = Any  # a ruamel node; its classes are untyped


def compose_yaml(path: Path, shown_as: str) -> Tree:
    """The top node of the file; raises WrongUse prefixed with the file, and the line if known."""
    return _only(compose_documents(path, shown_as), shown_as)


def compose_text(text: str, shown_as: str) -> Tree:
    """The top node of a text; raises WrongUse like `compose_yaml`."""
    return _only(_documents(text, shown_as), shown_as)


def _only(tops: list[Tree], shown_as: str) -> Tree:
    if not tops or tops[0] is None:
        raise WrongUse(f"{shown_as}: is empty")
    if len(tops) > 1:
        raise WrongUse(f"{shown_as}:{tops[1].start_mark.line + 1}: second document: only one is allowed")
    return tops[0]


def compose_documents(path: Path, shown_as: str) -> list[Tree]:
    """The top node of each document in the file."""
    try:
        text = read_text_file(path, MOST_BYTES)
    except ValueError as error:
        raise WrongUse(f"{shown_as}: cannot be read: {error}") from None
    return _documents(text, shown_as)


def _documents(text: str, shown_as: str) -> list[Tree]:
    from ruamel.yaml import YAML
    from ruamel.yaml.error import MarkedYAMLError, YAMLError

    # Pure Python, because the scanner and composer of libyaml cannot be replaced by bounded ones.
    yaml = YAML(typ="safe", pure=True)
    yaml.Scanner, yaml.Composer = _bounded()
    try:
        tops = list(yaml.compose_all(text))
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = f":{mark.line + 1}" if mark else ""
        problem = error.problem or error.context
        raise WrongUse(f"{shown_as}{line}: not YAML: {problem}{_unquoted(text, mark)}") from None
    except YAMLError as error:
        raise WrongUse(f"{shown_as}: not YAML: {str(error).splitlines()[0]}") from None
    for top in tops:
        _refuse_unfolding(top, shown_as)
    return tops


def _unquoted(text: str, mark: Any) -> str:
    """A hint to quote a `${VARIABLE}` that is inside YAML braces or brackets."""
    before, after = (text[: mark.index], text[mark.index :]) if mark else ("", "")
    variable = re.match(r"\{[^}\s]*\}?", after) if before.endswith("$") else None
    return f"; quote it: '${variable[0]}'" if variable else ""


def below(node: Tree) -> list[Tree]:
    """The child nodes: keys and values, or entries."""
    if node.id == "scalar":
        return []
    return [part for pair in node.value for part in pair] if node.id == "mapping" else list(node.value)


def tag_of(text: str) -> str:
    """The tag of an unquoted scalar after variable substitution, which may have changed its type."""
    from ruamel.yaml.nodes import ScalarNode
    from ruamel.yaml.resolver import Resolver

    return str(Resolver().resolve(ScalarNode, text, (True, False)))


@cache
def _bounded() -> tuple[type[Any], type[Any]]:
    """ruamel's scanner and composer, stopping at the first node beyond the limits.

    The scanner needs its own limit: for open brackets its lookahead takes quadratic time before the composer runs.
    """
    from ruamel.yaml.composer import Composer, ComposerError
    from ruamel.yaml.scanner import Scanner, ScannerError

    class BoundedScanner(Scanner):
        def fetch_flow_collection_start(self, *arguments: Any, **named: Any) -> None:
            if len(self.flow_context) >= MOST_DEPTH:
                raise ScannerError(None, None, TOO_DEEP, self.reader.get_mark())
            super().fetch_flow_collection_start(*arguments, **named)

    class BoundedComposer(Composer):
        def __init__(self, loader: Any = None) -> None:
            super().__init__(loader)
            self.warn_double_anchors = False
            self.nodes = self.levels = 0

        def compose_node(self, parent: Any, index: Any) -> Any:
            self.nodes += 1
            self.levels += 1
            if self.nodes > MOST_NODES or self.levels > MOST_DEPTH:
                what = TOO_DEEP if self.levels > MOST_DEPTH else TOO_MANY
                raise ComposerError(None, None, what, self.parser.peek_event().start_mark)
            node = super().compose_node(parent, index)
            self.levels -= 1
            return node

    return BoundedScanner, BoundedComposer


def _refuse_unfolding(top: Tree, shown_as: str) -> None:
    """Raise WrongUse if aliases expand to too many values, or if a node contains itself.

    Each node is counted once and its size reused, so the check is linear in the file, not in the expansion.
    """
    sizes: dict[int, int] = {}
    open_: set[int] = set()

    def size(node: Tree) -> int:
        if id(node) in open_:
            raise WrongUse(f"{shown_as}:{node.start_mark.line + 1}: contains itself")
        if id(node) not in sizes:
            open_.add(id(node))
            sizes[id(node)] = 1 + sum(map(size, below(node)))
            open_.remove(id(node))
        return sizes[id(node)]

    if size(top) > MOST_NODES:
        raise WrongUse(f"{shown_as}: expands to too many values through aliases: at most {MOST_NODES} are allowed")
