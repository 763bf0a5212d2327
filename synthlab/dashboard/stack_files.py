"""The stacks that can be brought up: bundled ones, and those below the server's folder."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path
from typing import Any

from ..stack import stack_files
from .yaml_files import MOST_FILES, content, described, failure_of


def list_stacks(folder: Path) -> list[dict[str, Any]]:
    """File, lab name and first comment of each, and why one cannot be read; files that are no stacks are left out."""
    return described(folder, stack_files(), _described)


@lru_cache(maxsize=MOST_FILES)
def _described(file: str, name: str, bundled: bool, at_ns: int) -> dict[str, Any] | None:  # noqa: ARG001
    """What the file says; `at_ns` makes an edited file be read again."""
    found = content(Path(file), name, "clients")
    if found is None or "steps" in found.top or (found.error and re.search("^steps:", found.text, re.MULTILINE)):
        return None
    lab = found.top["name"].written if "name" in found.top else None
    return {
        "file": name,
        "lab": lab if isinstance(lab, str) else Path(name).stem,
        "title": _first_comment(found.text),
        "bundled": bundled,
        **failure_of(found),
    }


def _first_comment(text: str) -> str:
    first = text.lstrip().split("\n", 1)[0]
    return first.lstrip("# ").strip() if first.startswith("#") else ""
