"""Traces and tables that lie on the host, where conditions name files: which are meant, and what is in them."""

from __future__ import annotations

from pathlib import Path

from syntheticnet.conditions import Unit


def is_local(written: str, folder: Path = Path()) -> bool:
    """Whether a value means a file on the host: one that there is, or a path, which can be nothing else."""
    return "/" in written or (folder / written).is_file()


def read_local(path: Path, unit: Unit) -> str:
    """The text of a file of the kind that `unit` says; raises ValueError that names the file and what is wrong."""
    try:
        text = path.read_text(encoding="utf-8")
        if unit.read is not None:
            unit.read(text)
    except (OSError, ValueError) as error:
        raise ValueError(f"{path}: {getattr(error, 'strerror', None) or error}") from None
    return text
