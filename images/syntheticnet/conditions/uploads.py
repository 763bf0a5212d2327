"""The limits of uploaded files per client: their number and their total size."""

from __future__ import annotations

from collections.abc import Mapping

from .errors import ConditionsError

MOST_FILES = 32
MOST_BYTES = 16 << 20


def size_of(text: str) -> int:
    """The size of `text` in UTF-8 bytes."""
    return len(text) if text.isascii() else len(text.encode())


def refuse_crowd(sizes: Mapping[str, int], name: str) -> None:
    """Raise ConditionsError for `name`, the file added last, if these sizes (bytes, by name) exceed the limits."""
    total = sum(sizes.values())
    if len(sizes) <= MOST_FILES and total <= MOST_BYTES:
        return
    others = f" ({len(sizes)} files, {total / (1 << 20):.2f} MB in total)" if len(sizes) > 1 else ""
    size = f"is {sizes[name] / (1 << 20):.2f} MB{others}"
    raise ConditionsError(f"{size}; at most {MOST_FILES} files and {MOST_BYTES >> 20} MB per client", name)
