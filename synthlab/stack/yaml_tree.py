"""A YAML file as ruamel's tree of nodes, within bounds: its size, its depth, and what its anchors unfold to."""

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
TOO_DEEP = f"is nested too deep: allowed are {MOST_DEPTH} levels"
TOO_MANY = f"has too many values: allowed are {MOST_NODES} keys and values"

Tree = Any  # a node of ruamel's, whose classes carry no types


def compose_yaml(path: Path, shown_as: str) -> Tree:
    """The top node of the file; raises WrongUse that begins with the file, and the line where there is one."""
    tops = compose_documents(path, shown_as)
    if not tops or tops[0] is None:
        raise WrongUse(f"{shown_as}: is empty")
    if len(tops) > 1:
        raise WrongUse(f"{shown_as}:{tops[1].start_mark.line + 1}: begins a second document; only one is allowed")
    return tops[0]


def compose_documents(path: Path, shown_as: str) -> list[Tree]:
    """The top node of each document in the file."""
    from ruamel.yaml import YAML
    from ruamel.yaml.error import MarkedYAMLError, YAMLError

    yaml = YAML(typ="safe", pure=True)
    yaml.Scanner, yaml.Composer = _bounded()
    text = ""
    try:
        text = read_text_file(path, MOST_BYTES)
        tops = list(yaml.compose_all(text))
    except ValueError as error:
        raise WrongUse(f"{shown_as}: cannot be read: {error}") from None
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = f":{mark.line + 1}" if mark else ""
        reason = error.problem or error.context
        raise WrongUse(f"{shown_as}{line}: not YAML: {reason}{_unquoted(text, mark)}") from None
    except YAMLError as error:
        raise WrongUse(f"{shown_as}: not YAML: {str(error).splitlines()[0]}") from None
    for top in tops:
        _refuse_unfolding(top, shown_as)
    return tops


def _unquoted(text: str, mark: Any) -> str:
    """A hint where YAML has met a variable's brace within braces or brackets of its own."""
    before, after = (text[: mark.index], text[mark.index :]) if mark else ("", "")
    found = re.match(r"\{[^}\s]*\}?", after) if before.endswith("$") else None
    return f"; quote it: '${found[0]}'" if found else ""


def below(node: Tree) -> list[Tree]:
    """The nodes within one: keys and values, or entries."""
    if node.id == "scalar":
        return []
    return [part for pair in node.value for part in pair] if node.id == "mapping" else list(node.value)


def tag_of(text: str) -> str:
    """The tag of an unquoted scalar, for one that has changed since the file was read: a variable was filled in."""
    from ruamel.yaml.nodes import ScalarNode
    from ruamel.yaml.resolver import Resolver

    return str(Resolver().resolve(ScalarNode, text, (True, False)))


@cache
def _bounded() -> tuple[type[Any], type[Any]]:
    """ruamel's scanner and composer, which stop at the first node that is too many or too deep.

    The scanner reads ahead where brackets open, with the square of their number, so it has to stop by itself.
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
    """Raise WrongUse where aliases repeat so much that the whole would be too large, or where a node contains itself.

    Each node is reckoned once, however often it is repeated.
    """
    sizes: dict[int, int] = {}
    open_: set[int] = set()

    def reckon(node: Tree) -> int:
        if id(node) in open_:
            raise WrongUse(f"{shown_as}:{node.start_mark.line + 1}: contains itself")
        if id(node) not in sizes:
            open_.add(id(node))
            sizes[id(node)] = 1 + sum(map(reckon, below(node)))
            open_.remove(id(node))
        return sizes[id(node)]

    if reckon(top) > MOST_NODES:
        raise WrongUse(f"{shown_as}: unfolds to too many values with its aliases: allowed are {MOST_NODES}")
