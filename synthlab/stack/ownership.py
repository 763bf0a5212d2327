"""Whether a file is the user's own: of the project that they stand in, or of synthlab itself."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from .. import assets


def is_own(file: Path, here: Path | None = None) -> bool:
    """Whether a file, its symbolic links followed, lies in the project of the folder `here`, and belongs to the user.

    The project is the git work tree around that folder (the present one by default), or else the folder itself. The
    root, the home folder and the one for temporary files are no projects: they hold what came from anywhere.
    """
    real = file.resolve()
    if real.is_relative_to(assets.stacks().resolve()):
        return True
    project = _project((here or Path()).resolve())
    return project not in _no_projects() and real.is_relative_to(project) and _is_mine(real)


def _project(folder: Path) -> Path:
    return next((above for above in (folder, *folder.parents) if (above / ".git").exists()), folder)


def _no_projects() -> set[Path]:
    return {Path("/"), Path.home().resolve(), Path(tempfile.gettempdir()).resolve()}


def _is_mine(file: Path) -> bool:
    """On a system without users every file is."""
    return not hasattr(os, "getuid") or file.stat().st_uid == os.getuid()
