"""Files that are there whole or not at all: written beside their place, then renamed into it."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def beside(file: Path) -> Iterator[Path]:
    """Give a path to write, in the same folder, which takes the place of `file` when the block ends well.

    After an error `file` is as it was before. What is no plain file (/dev/stdout, a pipe) is written as it is.
    Raises OSError.
    """
    place = file.resolve()  # a link stays one
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
    """Raises OSError, which leaves what was there before."""
    with beside(file) as part:
        part.write_bytes(content.encode() if isinstance(content, str) else content)
