"""The stacks that can be brought up: bundled ones, and those below the server's folder."""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path
from typing import Any

from ..errors import SynthlabError
from ..stack import stack_files
from ..stack.variables import Variables
from ..stack.yaml import read_yaml
from .yaml_files import MOST_BYTES, MOST_FILES, described


def list_stacks(folder: Path) -> list[dict[str, Any]]:
    """File, lab name and first comment of each; files that are no stacks, or no valid YAML, are left out."""
    return described(folder, stack_files(), _described)


@lru_cache(maxsize=MOST_FILES)
def _described(file: str, name: str, bundled: bool, at_ns: int) -> dict[str, Any] | None:  # noqa: ARG001
    """What the file says; `at_ns` makes an edited file be read again."""
    try:
        text = Path(file).read_text(encoding="utf-8") if Path(file).stat().st_size <= MOST_BYTES else ""
        if "clients:" not in text:
            return None
        top = read_yaml(Path(file), name, Variables(os.environ, lenient=True)).value
    except (OSError, ValueError, SynthlabError):
        return None
    if not isinstance(top, dict) or "clients" not in top or "steps" in top:
        return None
    lab = top["name"].written if "name" in top else None
    return {
        "file": name,
        "lab": lab if isinstance(lab, str) else Path(name).stem,
        "title": _first_comment(text),
        "bundled": bundled,
    }


def _first_comment(text: str) -> str:
    first = text.lstrip().split("\n", 1)[0]
    return first.lstrip("# ").strip() if first.startswith("#") else ""
