"""An image as the engine has it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LocalImage:
    """An image that the engine has: its id, the hash of what synthlab built it, or its base, from, and its version.

    One that `conditions` takes its container's network over when it starts.
    """

    id: str
    content: str | None
    version: str = ""
    size: int = 0
    conditions: bool = False


def is_own(tag: str) -> bool:
    """Whether only synthlab gives this tag to an image."""
    return tag.startswith(("syntheticnet:", "synthlab/"))
