"""The scenarios that can be played: bundled ones, and those below the server's folder."""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path
from typing import Any

from ..errors import SynthlabError
from ..scenario.reader import scenario_files
from ..stack.variables import Variables
from ..stack.yaml import Node, read_yaml
from .yaml_files import MOST_BYTES, MOST_FILES, described


def list_scenarios(folder: Path) -> list[dict[str, Any]]:
    """Name, title, stack and variables of each; files that are no scenarios, or no valid YAML, are left out."""
    return described(folder, scenario_files(), _described)


@lru_cache(maxsize=MOST_FILES)
def _described(file: str, name: str, bundled: bool, changed_ns: int) -> dict[str, Any] | None:  # noqa: ARG001
    """What the file says; `changed_ns` makes an edited file be read again."""
    try:
        if Path(file).stat().st_size > MOST_BYTES or "steps:" not in Path(file).read_text(encoding="utf-8"):
            return None
        top = read_yaml(Path(file), name, Variables(os.environ, lenient=True)).value
    except (OSError, ValueError, SynthlabError):
        return None
    if not isinstance(top, dict) or "steps" not in top:
        return None
    return {
        "file": name,
        "title": _text(top.get("about")) or Path(name).stem,
        "stack": _text(top.get("stack")),
        "variables": _variables(top.get("vars")),
        "bundled": bundled,
    }


def _variables(node: Node | None) -> dict[str, str]:
    if node is None or not isinstance(node.value, dict):
        return {}
    return {name: _text(value) for name, value in node.value.items()}


def _text(node: Node | None) -> str:
    return node.written if node and isinstance(node.written, str) else ""
