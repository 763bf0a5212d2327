"""What has to be done to an engine's images before a stack can start: worked out first, then carried out."""

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
from .images import Image, PlannedImage, foreign_images, is_bundled, needed_images, plan_images, versioned


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageStep:
    """One image: to use as it is, to pull, or to build for a reason. `planned` is None for one that we do not build."""

    tag: str
    action: Literal["use", "pull", "build"]
    because: str = ""
    planned: PlannedImage | None = None

    def __str__(self) -> str:
        return f"{self.action} {self.tag}" + (f" because {self.because}" if self.because else "")


def stack_steps(stack: Stack, engine: EngineApi) -> tuple[ImageStep, ...]:
    """One step for each image of a stack: first what is built, in its order, then what is others'."""
    own = build_steps(needed_images(stack), engine)
    known = {step.tag for step in own}
    return (*own, *pull_steps((tag for tag in foreign_images(stack) if tag not in known), engine))


def build_steps(images: list[Image], engine: EngineApi) -> list[ImageStep]:
    """One step for each of our images, and before them one for the base where that is missing.

    Where it is, nothing can be known to be current: what the images are built from has the base's id in it.
    """
    lacks = any(BASE in image.bases for image in images) and engine.image(BASE) is None
    first = [ImageStep(tag=BASE, action="pull")] if lacks else []
    return first + [_build_step(planned, lacks, engine) for planned in plan_images(images, engine.image)]


def pull_steps(tags: Iterable[str], engine: EngineApi) -> list[ImageStep]:
    """One step for each image that somebody else builds."""
    return [ImageStep(tag=tag, action="use" if engine.image(tag) else "pull") for tag in tags]


def perform(steps: Iterable[ImageStep], engine: EngineApi, progress: Progress) -> None:
    """Carry steps out; raises SynthlabError for an image that cannot be had."""
    for step in steps:
        if step.action == "pull":
            _pull(step.tag, engine, progress)
        elif step.action == "build" and step.planned:
            build_image(step.planned, engine, progress)
        if step.planned and is_bundled(step.planned.image):
            engine.tag_image(step.tag, versioned(step.tag))


def ensure_built(images: list[Image], engine: EngineApi, progress: Progress) -> None:
    """Build those of our images that are not current, the base first where it is missing."""
    if any(BASE in image.bases for image in images):
        ensure_base_image(engine, progress)
    perform(build_steps(images, engine), engine, progress)


def image_for_lock(stack: Stack, engine: EngineApi, progress: Progress) -> str:
    """An image of Debian that the engine has before anything is built; on an empty engine, the base is brought there.

    Raises SynthlabError where none can be had: then nothing of the stack can be, either.
    """
    if engine.image(BASE):
        return BASE
    if needed_images(stack):
        ensure_base_image(engine, progress)
        return BASE
    tags = [client.image for client in stack.clients]
    perform(pull_steps(dict.fromkeys(tags), engine), engine, progress)
    return next((tag for tag in tags if is_from_syntheticnet(engine, tag)), BASE)


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
        raise SynthlabError(f"the image {tag} is not here and cannot be pulled", finished.tail[-3:])
