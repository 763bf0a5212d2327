"""Builds one image on the engine, and keeps the build log."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from pathlib import Path

from .. import assets
from ..engine import labels
from ..engine.api import EngineApi
from ..engine.images import ImageBuild
from ..errors import SynthlabError, WrongUse
from ..text.progress import Progress
from .images import PlannedImage

# Our Dockerfiles print this for a version that Debian does not have. Lines with `$` are the Dockerfile's own, echoed.
_OFFERED = re.compile(r"#\d+ [\d.]+ ([^$]+ cannot be installed; this Debian release offers: [^$]*)")
_STEP = re.compile(r"#\d+ \[(?:\S+ )?(\d+/\d+)\] ")


def build_image(planned: PlannedImage, engine: EngineApi, progress: Progress) -> None:
    """Build and tag the image, reporting each step to `progress`; the image that had the tag before is discarded.

    Raises SynthlabError with the last lines of the build, and WrongUse for a version that is not available.
    """
    image = planned.image
    # Looked up before the build, which gives its tag to the new image.
    before = engine.image(image.tag)
    log = _log_file(image.tag)
    with log.open("w", encoding="utf-8") as kept:

        def on_line(line: str) -> None:
            kept.write(f"{line}\n")
            if step := _STEP.match(line):
                progress(f"building {image.tag}, step {step[1]}")

        progress(f"building {image.tag}")
        finished = engine.build_image(described(planned), on_line)
    if finished.status != 0:
        refuse_missing_version(finished.tail)
        raise SynthlabError(f"the image {image.tag} could not be built (full log: {log})", finished.tail)
    if before:
        engine.discard_image(before)


def refuse_missing_version(tail: Iterable[str]) -> None:
    """Raise WrongUse with the versions available, if the last lines of a build list them."""
    for line in tail:
        if match := _OFFERED.match(line):
            raise WrongUse(" ".join(match[1].split()))


def described(planned: PlannedImage) -> ImageBuild:
    """The build request for the engine, labelled with the hash of its sources and our version."""
    image = planned.image
    marks = {labels.CONTENT: planned.content, labels.VERSION: assets.own_version()}
    return ImageBuild(tag=image.tag, context=image.context, args=image.args, labels=marks, dockerfile=image.dockerfile)


def _log_file(tag: str) -> Path:
    caches = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = caches / "synthlab" / "builds"
    folder.mkdir(parents=True, exist_ok=True)
    return folder / f"{re.sub(r'[^A-Za-z0-9.-]', '-', tag)}.log"
