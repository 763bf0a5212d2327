"""Plans which images to pull or build before a stack can start, and carries the plan out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from ..contract import BASE
from ..engine.api import EngineApi
from ..errors import SynthlabError
from ..stack import Stack
from ..text.progress import Progress
from .base_image import ensure_base_image
from .image_build import build_image
from .image_checks import is_from_syntheticnet
from .images import (
    Image,
    PlannedImage,
    foreign_images,
    full_tag,
    is_bundled,
    named_tags,
    needed_images,
    plan_images,
    versioned,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageStep:
    """One image to use, pull or build, and why. `planned` is None for an image that we do not build."""

    tag: str
    action: Literal["use", "pull", "build"]
    because: str = ""
    planned: PlannedImage | None = None

    def __str__(self) -> str:
        return f"{self.action} {self.tag}" + (f" because {self.because}" if self.because else "")


def stack_steps(stack: Stack, engine: EngineApi) -> tuple[ImageStep, ...]:
    """One step per image of a stack: ours first, in build order, then third-party ones."""
    own = _without_idle_bases(build_steps(needed_images(stack), engine), set(map(full_tag, named_tags(stack))))
    known = {step.tag for step in own}
    return (*own, *pull_steps((tag for tag in foreign_images(stack) if tag not in known), engine))


def build_steps(images: list[Image], engine: EngineApi) -> list[ImageStep]:
    """One step per image of ours, preceded by one for the base if it is missing.

    Without the base no image counts as current: the base's id is part of every content hash.
    """
    lacks_base = any(BASE in image.bases for image in images) and engine.image(BASE) is None
    first = [ImageStep(tag=BASE, action="pull")] if lacks_base else []
    return first + [_build_step(planned, lacks_base, engine) for planned in plan_images(images, engine.image)]


def pull_steps(tags: Iterable[str], engine: EngineApi) -> list[ImageStep]:
    """One step per third-party image."""
    return [ImageStep(tag=tag, action="use" if engine.image(tag) else "pull") for tag in tags]


def perform(steps: Iterable[ImageStep], engine: EngineApi, progress: Progress) -> None:
    """Carry out the steps; raises SynthlabError if an image cannot be pulled or built."""
    for step in steps:
        if step.action == "pull":
            _pull(step.tag, engine, progress)
        elif step.action == "build" and step.planned:
            build_image(step.planned, engine, progress)
        if step.planned and is_bundled(step.planned.image):
            engine.tag_image(step.tag, versioned(step.tag))


def ensure_built(images: list[Image], engine: EngineApi, progress: Progress) -> None:
    """Build those of our images that are not current, after the base if that is missing."""
    if any(BASE in image.bases for image in images):
        ensure_base_image(engine, progress)
    perform(build_steps(images, engine), engine, progress)


def image_for_lock(stack: Stack, engine: EngineApi, progress: Progress) -> str:
    """A Debian image on the engine to run the lock from, before anything is built; an empty engine gets the base.

    Raises SynthlabError if none can be obtained; then the stack cannot start either.
    """
    if engine.image(BASE):
        return BASE
    if needed_images(stack):
        ensure_base_image(engine, progress)
        return BASE
    tags = [client.image for client in stack.clients]
    perform(pull_steps(dict.fromkeys(tags), engine), engine, progress)
    return next((tag for tag in tags if is_from_syntheticnet(engine, tag)), BASE)


def _without_idle_bases(steps: list[ImageStep], named: set[str]) -> list[ImageStep]:
    """The steps without those that only build a base from which nothing has to be built.

    An engine that got its images from a file or a registry may lack such bases.
    """
    kept: list[ImageStep] = []
    for step in reversed(steps):
        building = {
            full_tag(base) for one in kept if one.action == "build" and one.planned for base in one.planned.image.bases
        }
        if step.action != "build" or full_tag(step.tag) in named | building:
            kept.append(step)
    return kept[::-1]


def _build_step(planned: PlannedImage, lacks_base: bool, engine: EngineApi) -> ImageStep:
    tag = planned.image.tag
    if planned.current:
        return ImageStep(tag=tag, action="use", planned=planned)
    because = "it is missing"
    if engine.image(tag):
        because = f"its base {BASE} is missing" if lacks_base else "its content changed"
    return ImageStep(tag=tag, action="build", because=because, planned=planned)


def _pull(tag: str, engine: EngineApi, progress: Progress) -> None:
    progress(f"pulling {tag}")
    finished = engine.pull_image(tag)
    if finished.status != 0:
        raise SynthlabError(f"the image {tag} is not on the engine and cannot be pulled", finished.tail[-3:])
