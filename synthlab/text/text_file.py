"""A text file of the user's: read whole if it is a plain file of no more than so many bytes."""

from __future__ import annotations

from pathlib import Path
from stat import S_ISDIR, S_ISREG

KB, MB = 1000, 1 << 20


def read_text_file(path: Path, most: int) -> str:
    """The text; raises ValueError with what is wrong: it is not there, no file, too large, or no text in UTF-8.

    A device or a pipe, which may have no end, is not opened.
    """
    try:
        found = path.stat()
        if not S_ISREG(found.st_mode):
            raise ValueError("is a folder" if S_ISDIR(found.st_mode) else "is not a plain file")
        with path.open("rb") as file:
            text = file.read(most + 1)
    except OSError as error:
        raise ValueError(error.strerror or str(error)) from None
    if len(text) > most:
        raise ValueError(f"has {written_size(max(found.st_size, len(text)))}; allowed are {written_size(most)}")
    try:
        return text.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(f"is not text in UTF-8: byte {error.start + 1}") from None


def written_size(size: int) -> str:
    """`4 MB`, `5.2 MB`, `300 kB`; a MB has 2^20 bytes, as the limit of uploaded files counts."""
    if size >= MB:
        return f"{size / MB:.4g} MB"
    return f"{size / KB:.3g} kB" if size >= KB else f"{size} bytes"
