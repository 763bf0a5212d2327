"""The YAML files that a server knows: bundled ones, and those below the folder in which it was started."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import SynthlabError
from ..stack.variables import Variables
from ..stack.yaml import Node, read_yaml
from ..stack.yaml_tree import MOST_BYTES

MOST_FILES = 500
MOST_DEPTH = 4
SUFFIXES = (".yaml", ".yml")
SKIPPED = ("node_modules", "__pycache__")

Described = dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class YamlFile:
    """What a file says: its text, and its top level; that is empty where `error` says why it cannot be read."""

    text: str
    top: Mapping[str, Node]
    error: str = ""


def content(file: Path, name: str, key: str) -> YamlFile | None:
    """The content of a file with this key at its top; None for any other file."""
    try:
        with file.open("rb") as opened:
            text = opened.read(MOST_BYTES).decode("utf-8", "replace")
    except OSError:  # a dangling link
        return None
    if f"{key}:" not in text:
        return None
    try:
        top = read_yaml(file, name, Variables(os.environ, lenient=True)).value
    except SynthlabError as error:
        # In a file that is no YAML, a line that begins with the key is the best sign of what it was meant to be.
        return YamlFile(text, {}, error.message) if re.search(rf"^{key}:", text, re.MULTILINE) else None
    return YamlFile(text, top) if isinstance(top, dict) and key in top else None


def failure_of(found: YamlFile) -> dict[str, str]:
    """What a list says of a file that cannot be read."""
    return {"error": found.error} if found.error else {}


def described(
    folder: Path, bundled: Mapping[str, Path], describe: Callable[[str, str, bool, int], Described]
) -> list[dict[str, Any]]:
    """What `describe` returns for each file, from path, name, whether it is bundled, and when it was changed."""
    own = ((file.relative_to(folder).as_posix(), file) for file in yaml_files(folder))
    found = [describe(str(file), name, True, changed_ns(file)) for name, file in bundled.items()]
    found += [describe(str(file), name, False, changed_ns(file)) for name, file in own]
    return [dict(one) for one in found if one]


def yaml_files(folder: Path) -> Iterator[Path]:
    """YAML files below the folder, in order of their names; not in hidden folders, and not too many.

    A link that leads outside is left out, and so is what is no file: a pipe would never end.
    """
    count, root = 0, folder.resolve()
    for here, folders, files in os.walk(folder):
        deep = len(Path(here).relative_to(folder).parts) >= MOST_DEPTH
        folders[:] = [] if deep else sorted(one for one in folders if one[0] != "." and one not in SKIPPED)
        for name in sorted(files):
            file = Path(here) / name
            if name.endswith(SUFFIXES) and file.is_file() and file.resolve().is_relative_to(root):
                yield file
                count += 1
                if count == MOST_FILES:
                    return


def changed_ns(file: Path) -> int:
    try:
        return file.stat().st_mtime_ns
    except OSError:  # a dangling link
        return 0
