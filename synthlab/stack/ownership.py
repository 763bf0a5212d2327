"""Decides whether a file is the user's: part of the current project, or bundled with synthlab."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from .. import assets


def is_own(file: Path, here: Path | None = None) -> bool:
    """Whether a file, with symbolic links resolved, is in the project around `here` and owned by the user.

    The project is the git work tree around `here` (default: the current folder), or else the folder itself. The root,
    home and temporary folders do not count as projects: they hold files of any origin, such as downloads.
    """
    real = file.resolve()
    if real.is_relative_to(assets.stacks().resolve()):
        return True
    project = _project((here or Path()).resolve())
    return project not in _no_projects() and real.is_relative_to(project) and _is_mine(real)


def _project(folder: Path) -> Path:
    return next((parent for parent in (folder, *folder.parents) if (parent / ".git").exists()), folder)


def _no_projects() -> set[Path]:
    return {Path("/"), Path.home().resolve(), Path(tempfile.gettempdir()).resolve()}


def _is_mine(file: Path) -> bool:
    """Whether the user owns the file; always true on systems without user ids."""
    return not hasattr(os, "getuid") or file.stat().st_uid == os.getuid()
