"""The YAML files that a server knows: bundled ones, and those below the folder in which it was started."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

MOST_FILES = 500
MOST_DEPTH = 4
MOST_BYTES = 200_000
SUFFIXES = (".yaml", ".yml")
SKIPPED = ("node_modules", "__pycache__")

Described = dict[str, Any] | None


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
