"""Writes files atomically: to a temporary file in the same folder, then renamed."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def beside(file: Path) -> Iterator[Path]:
    """Yield a path in the same folder to write to; it replaces `file` if the block succeeds.

    After an error `file` is unchanged. Anything but a regular file (/dev/stdout, a pipe) is written directly.
    Raises OSError.
    """
    place = file.resolve()  # keep a symbolic link
    if place.exists() and not place.is_file():
        yield place
        return
    part = place.with_name(f".{os.urandom(6).hex()}.part")
    try:
        yield part
        if place.exists():
            shutil.copymode(place, part)
        part.replace(place)
    finally:
        part.unlink(missing_ok=True)


def write_whole(file: Path, content: str | bytes) -> None:
    """Write the file atomically. Raises OSError, leaving the old content."""
    with beside(file) as part:
        part.write_bytes(content.encode() if isinstance(content, str) else content)
