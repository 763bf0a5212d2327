"""Reads a user's text file: regular files up to a size limit."""

from __future__ import annotations

from pathlib import Path
from stat import S_ISDIR, S_ISREG

KB, MB = 1000, 1 << 20


def read_text_file(path: Path, most: int) -> str:
    """The text; raises ValueError if missing, not a regular file, larger than `most` bytes, or not UTF-8.

    A device or pipe is never opened: it may be endless.
    """
    try:
        stat = path.stat()
        if not S_ISREG(stat.st_mode):
            raise ValueError("is a folder" if S_ISDIR(stat.st_mode) else "is not a regular file")
        with path.open("rb") as file:
            text = file.read(most + 1)
    except OSError as error:
        raise ValueError(error.strerror or str(error)) from None
    if len(text) > most:
        raise ValueError(f"is {written_size(max(stat.st_size, len(text)))}; at most {written_size(most)} is allowed")
    try:
        return text.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(f"is not UTF-8 text: byte {error.start + 1}") from None


def written_size(size: int) -> str:
    """`4 MB`, `5.2 MB`, `300 kB`; 1 MB is 2^20 bytes, as in the limit of uploaded files."""
    if size >= MB:
        return f"{size / MB:.4g} MB"
    return f"{size / KB:.3g} kB" if size >= KB else f"{size} bytes"
