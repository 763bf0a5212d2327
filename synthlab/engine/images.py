"""An image as the engine has it, and one that it is to build."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


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


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageBuild:
    """What an image is built from: the folder `context`, with `args` and labels; a `dockerfile` of None is in there."""

    tag: str
    context: Path
    args: Mapping[str, str]
    labels: Mapping[str, str]
    dockerfile: Path | None = None


def is_own(tag: str) -> bool:
    """Whether only synthlab gives this tag to an image."""
    return tag.startswith(("syntheticnet:", "synthlab/"))
