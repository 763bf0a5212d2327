"""Values for an image on the engine, and for a build request."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class LocalImage:
    """An image on the engine; `size` is in bytes.

    `content` is the hash of the sources that synthlab built it, or its base, from; None for other images. `version` is
    the synthlab that built it. An image that `conditions` takes over its container's network at startup.
    """

    id: str
    content: str | None
    version: str = ""
    size: int = 0
    conditions: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageBuild:
    """A build request: the folder `context`, build `args` and `labels`; `dockerfile` is None for the context's own."""

    tag: str
    context: Path
    args: Mapping[str, str]
    labels: Mapping[str, str]
    dockerfile: Path | None = None


def is_own(tag: str) -> bool:
    """Whether the tag is in synthlab's own namespace."""
    return tag.startswith(("syntheticnet:", "synthlab/"))
