"""Files that people name: their own by a path, or a bundled one by its name."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from ..errors import WrongUse, did_you_mean


def find_file(name: str, bundled: Mapping[str, Path], kind: str) -> Path:
    """The file that `name` means: a path, or a bundled file with or without `.yaml`. Raises WrongUse."""
    if Path(name).is_file():
        return Path(name)
    for candidate in (name, f"{name}.yaml"):
        if candidate in bundled:
            return bundled[candidate]
    raise WrongUse(f"{name}: no such {kind} file{did_you_mean(name, bundled)}; bundled: {', '.join(bundled)}")
