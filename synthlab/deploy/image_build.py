"""Has the engine build an image, and keeps what the build writes."""

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

# What Dockerfiles of ours print for a version that there is none of; `$` is in the Dockerfile's own lines.
_OFFERED = re.compile(r"#\d+ [\d.]+ ([^$]+ cannot be installed; this Debian release offers: [^$]*)")
_STEP = re.compile(r"#\d+ \[(?:\S+ )?(\d+/\d+)\] ")


def build_image(planned: PlannedImage, engine: EngineApi, progress: Progress) -> None:
    """Build the image and tag it, saying each step to `progress`; what the tag meant before is discarded.

    Raises SynthlabError with the build's last lines, and WrongUse for a version that there is none of.
    """
    image = planned.image
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
        raise SynthlabError(f"the image {image.tag} could not be built (all its output: {log})", finished.tail)
    if before:
        engine.discard_image(before)


def refuse_missing_version(tail: Iterable[str]) -> None:
    """Raise WrongUse with the versions that there are, where the last lines of a build name them."""
    for line in tail:
        if found := _OFFERED.match(line):
            raise WrongUse(" ".join(found[1].split()))


def described(planned: PlannedImage) -> ImageBuild:
    """What the engine is to build, marked with what it is built from."""
    image = planned.image
    marks = {labels.CONTENT: planned.content, labels.VERSION: assets.own_version()}
    return ImageBuild(tag=image.tag, context=image.context, args=image.args, labels=marks, dockerfile=image.dockerfile)


def _log_file(tag: str) -> Path:
    caches = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = caches / "synthlab" / "builds"
    folder.mkdir(parents=True, exist_ok=True)
    return folder / f"{re.sub(r'[^A-Za-z0-9.-]', '-', tag)}.log"
