"""The scenarios that can be played: bundled ones, and those below the server's folder."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

from ..scenario.reader import scenario_files
from ..stack.yaml import Node
from .yaml_files import MOST_FILES, content, described, failure_of


def list_scenarios(folder: Path) -> list[dict[str, Any]]:
    """Name, title, stack and variables of each, and why one cannot be read; other files are left out."""
    return described(folder, scenario_files(), _described)


@lru_cache(maxsize=MOST_FILES)
def _described(file: str, name: str, bundled: bool, changed_ns: int) -> dict[str, Any] | None:  # noqa: ARG001
    """What the file says; `changed_ns` makes an edited file be read again."""
    found = content(Path(file), name, "steps")
    if found is None:
        return None
    top = found.top
    return {
        "file": name,
        "title": _text(top.get("about")) or Path(name).stem,
        "stack": _text(top.get("stack")),
        "variables": _variables(top.get("vars")),
        "bundled": bundled,
        **failure_of(found),
    }


def _variables(node: Node | None) -> dict[str, str]:
    if node is None or not isinstance(node.value, dict):
        return {}
    return {name: _text(value) for name, value in node.value.items()}


def _text(node: Node | None) -> str:
    return node.written if node and isinstance(node.written, str) else ""
