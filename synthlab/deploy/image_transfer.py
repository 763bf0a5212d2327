"""Moves images between machines, as a file or through a registry.

The base goes with them: its id is part of every content hash, so without it no image would count as current.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..contract import BASE
from ..engine.api import EngineApi
from ..engine.process import Finished
from ..errors import SynthlabError, WrongUse
from ..text.atomic_file import beside
from ..text.progress import Progress
from .images import Image, full_tag, plan_images, unversioned, versioned

_PREFIX = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]*(?::[0-9]{1,5})?(?:/[a-z0-9]+(?:[._-]+[a-z0-9]+)*)*/?")


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageStatus:
    """An image of ours on the engine; `size` is in bytes."""

    image: str
    version: str
    size: int
    state: str  # current, stale (built from other files than ours), missing, or other (not bundled with this version)


def kept_images(images: list[Image], engine: EngineApi) -> list[ImageStatus]:
    """The status of each of these images on the engine."""
    rows = []
    for planned in plan_images(images, engine.image):
        present = engine.image(planned.image.tag)
        state = "current" if planned.current else "stale" if present else "missing"
        version, size = (present.version, present.size) if present else ("", 0)
        rows.append(ImageStatus(image=planned.image.tag, version=version, size=size, state=state))
    return rows


def other_images(kept: Iterable[ImageStatus], engine: EngineApi) -> list[ImageStatus]:
    """Other synthlab images on the engine, each once: with another browser, or of another version."""
    known = {present.id for one in kept if (present := engine.image(one.image))}
    rows = []
    for tag in engine.own_tags():
        present = engine.image(tag)
        if present and present.id not in known:
            known.add(present.id)
            rows.append(ImageStatus(image=tag, version=present.version, size=present.size, state="other"))
    return rows


def save(images: Iterable[Image], file: Path, engine: EngineApi, progress: Progress) -> list[str]:
    """Write images, with all their tags, and their base to a tar file; returns one tag of each image."""
    own = _present(images, engine)
    saved = _one_tag_each([*own, BASE], engine)
    progress(f"saving {len(saved)} images to {file}")
    with beside(file) as part:  # a CI cache would keep a half-written file
        # The base keeps Debian's tag: it has no version of ours.
        _check(engine.save_images([*own, BASE, *map(versioned, own)], part), "could not be saved")
    return saved


def load(file: Path, engine: EngineApi, progress: Progress) -> list[str]:
    """Load images from a tar file; returns one tag of each image."""
    if not file.is_file():
        raise WrongUse(f"{file}: no such file")
    progress(f"loading {file}")
    lines: list[str] = []
    _check(engine.load_images(file, lines.append), f"{file} could not be loaded")
    tags = [line.partition(": ")[2] for line in lines if line.startswith("Loaded image: ")]
    return _one_tag_each(sorted(tags, key=lambda tag: tag != unversioned(tag)), engine)


def push(images: Iterable[Image], prefix: str, engine: EngineApi, progress: Progress) -> list[str]:
    """Push images and their base to a registry, tagged with our version; returns the remote names."""
    names = remote_names([*_present(images, engine), BASE], prefix)
    for tag, name in names.items():
        progress(f"pushing {name}")
        # Docker pushes by tag alone, so the image has the registry's name while it is pushed.
        engine.tag_image(tag, name)
        try:
            _check(engine.push_image(name), f"{name} could not be pushed")
        finally:
            engine.untag_image(name)
    return list(names.values())


def pull(images: Iterable[Image], prefix: str, engine: EngineApi, progress: Progress) -> list[str]:
    """Pull images and their base from the registry that `push` used; returns their local tags."""
    names = remote_names([BASE, *(image.tag for image in images)], prefix)
    for tag, name in names.items():
        progress(f"pulling {name}")
        _check(engine.pull_image(name), f"{name} could not be pulled")
        for own in (tag,) if tag == BASE else (tag, versioned(tag)):
            engine.tag_image(name, own)
        engine.untag_image(name)
    return list(names)


def remote_names(tags: Sequence[str], prefix: str) -> dict[str, str]:
    """The remote name of each tag: `ghcr.io/acme` gives `ghcr.io/acme/syntheticnet:0.2.0`."""
    if not _PREFIX.fullmatch(prefix):
        raise WrongUse(f"{prefix!r} is not a registry prefix, such as ghcr.io/acme")
    return {tag: f"{prefix.rstrip('/')}/{full_tag(tag) if tag == BASE else versioned(tag)}" for tag in tags}


def _present(images: Iterable[Image], engine: EngineApi) -> list[str]:
    tags = [image.tag for image in images]
    missing = [tag for tag in (*tags, BASE) if engine.image(tag) is None]
    if missing:
        raise SynthlabError(f"not built: {', '.join(missing)}: build them with `synthlab images build`")
    for tag in tags:
        engine.tag_image(tag, versioned(tag))
    return tags


def _one_tag_each(tags: Iterable[str], engine: EngineApi) -> list[str]:
    """The first tag of each image: `syntheticnet:latest`, `:minimal` and `:0.2.0` are one image."""
    first: dict[str, str] = {}
    for tag in tags:
        present = engine.image(tag)
        first.setdefault(present.id if present else tag, tag)
    return list(first.values())


def _check(finished: Finished, failure: str) -> None:
    if finished.status != 0:
        raise SynthlabError(failure, finished.tail[-3:])
