"""How much a client keeps of what people upload: so many files, and so many bytes together."""

from __future__ import annotations

from collections.abc import Mapping

from .errors import ConditionsError

MOST_FILES = 32
MOST_BYTES = 4 << 20


def size_of(text: str) -> int:
    """Its bytes in UTF-8."""
    return len(text) if text.isascii() else len(text.encode())


def refuse_crowd(sizes: Mapping[str, int], name: str) -> None:
    """Raise ConditionsError at `name`, the file that came last, where these (bytes, by name) are more than are kept."""
    together = sum(sizes.values())
    if len(sizes) <= MOST_FILES and together <= MOST_BYTES:
        return
    others = f", and the {len(sizes)} files together {together / (1 << 20):.2f} MB" if len(sizes) > 1 else ""
    has = f"has {sizes[name] / (1 << 20):.2f} MB{others}"
    raise ConditionsError(f"{has}; a client keeps {MOST_FILES} files, together {MOST_BYTES >> 20} MB", name)
