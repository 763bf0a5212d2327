"""Builds images with `docker buildx`, keeps what it writes, and gives the build the host's proxies and CA."""

from __future__ import annotations

import os
import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

from .. import assets
from ..contract import BASE
from ..engine import labels
from ..engine.containers import EngineApi
from ..engine.process import run_program
from ..errors import SynthlabError, WrongUse
from ..stack import Stack
from .base_image import ensure_base_image
from .images import Image, PlannedImage, foreign_images, is_bundled, needed_images, plan_images, versioned
from .servers import servers

CA_VARIABLES = ("SSL_CERT_FILE", "PIP_CERT", "REQUESTS_CA_BUNDLE")
PROXY_VARIABLES = ("http_proxy", "https_proxy", "ftp_proxy", "all_proxy", "no_proxy")

# What Dockerfiles of ours print for a version that there is none of; `$` is in the Dockerfile's own lines.
_OFFERED = re.compile(r"#\d+ [\d.]+ ([^$]+ cannot be installed; this Debian release offers: [^$]*)")
_STEP = re.compile(r"#\d+ \[(?:\S+ )?(\d+/\d+)\] ")


def ensure_images(stack: Stack, engine: EngineApi, tell: Callable[[str], None]) -> None:
    """Have every image of the stack on the engine: build what is not current, pull what is others'."""
    ensure_built(needed_images(stack), engine, tell)
    pull_missing(foreign_images(stack), engine, tell)
    refuse_conditioned_twice(stack, engine)
    for client in stack.clients:
        if not _is_from_syntheticnet(engine, client.image):
            raise SynthlabError(
                f"{client.name}: its image {client.image} is not FROM syntheticnet: see docs/applications.md"
            )


def image_for_lock(stack: Stack, engine: EngineApi, tell: Callable[[str], None]) -> str:
    """An image of Debian that the engine has before anything is built; on an empty engine, the base is brought there.

    Raises SynthlabError where none can be had: then nothing of the stack can be, either.
    """
    if engine.image(BASE):
        return BASE
    if needed_images(stack):
        ensure_base_image(engine, tell)
        return BASE
    tags = [client.image for client in stack.clients]
    pull_missing(tags, engine, tell)
    return next((tag for tag in tags if _is_from_syntheticnet(engine, tag)), BASE)


def pull_missing(tags: Iterable[str], engine: EngineApi, tell: Callable[[str], None]) -> None:
    """Pull what the engine does not have."""
    for tag in tags:
        if engine.image(tag) is None:
            _pull(tag, tell)


def _is_from_syntheticnet(engine: EngineApi, tag: str) -> bool:
    image = engine.image(tag)
    return image is not None and image.content is not None


def refuse_conditioned_twice(stack: Stack, engine: EngineApi) -> None:
    """Raise for a server that is to be conditioned, by an image that does so itself."""
    for server in servers(stack):
        image = engine.image(server.image) if server.name in stack.conditioned else None
        if image and image.conditions:
            raise SynthlabError(
                f"{server.name}: its image {server.image} is FROM syntheticnet, and conditions its network itself: "
                "leave out `network`, or name an image that is not"
            )


def ensure_built(images: list[Image], engine: EngineApi, tell: Callable[[str], None]) -> None:
    """Build those of our images that are not current, the base first where it is missing."""
    if any(BASE in image.bases for image in images):
        ensure_base_image(engine, tell)
    for planned in plan_images(images, engine.image):
        if not planned.current:
            build_image(planned, engine, tell)
        if is_bundled(planned.image):
            engine.tag_image(planned.image.tag, versioned(planned.image.tag))


def _pull(tag: str, tell: Callable[[str], None]) -> None:
    tell(f"pulling {tag}")
    finished = run_program(["docker", "pull", tag])
    if finished.status != 0:
        raise SynthlabError(f"the image {tag} is not here and cannot be pulled", finished.tail[-3:])


def build_image(planned: PlannedImage, engine: EngineApi, tell: Callable[[str], None]) -> None:
    """Build the image and tag it, saying each step to `tell`; what the tag meant before is discarded.

    Raises SynthlabError with the build's last lines, and WrongUse for a version that there is none of.
    """
    image = planned.image
    before = engine.image(image.tag)
    log = _log_file(image.tag)
    with log.open("w", encoding="utf-8") as kept:

        def on_line(line: str) -> None:
            kept.write(f"{line}\n")
            if step := _STEP.match(line):
                tell(f"building {image.tag}, step {step[1]}")

        tell(f"building {image.tag}")
        finished = run_program(build_command(planned, os.environ), on_line=on_line, environment=_environment())
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


def build_command(planned: PlannedImage, environment: Mapping[str, str]) -> list[str]:
    """The command that builds an image, in an environment with these variables."""
    image = planned.image
    marks = {labels.CONTENT: planned.content, labels.VERSION: assets.own_version()}
    return [
        *("docker", "buildx", "build", "--load", "--progress", "plain", "--tag", image.tag),
        *(part for name, value in marks.items() for part in ("--label", f"{name}={value}")),
        *(part for name, value in image.args.items() for part in ("--build-arg", f"{name}={value}")),
        # Without a value, buildx takes it from the environment: it may hold a password.
        *(part for name in _proxies(environment) for part in ("--build-arg", name)),
        *(("--file", str(image.dockerfile)) if image.dockerfile else ()),
        *_secrets(environment),
        str(image.context),
    ]


def _proxies(environment: Mapping[str, str]) -> Iterator[str]:
    for name in PROXY_VARIABLES:
        yield from (written for written in (name, name.upper()) if environment.get(written))


def _secrets(environment: Mapping[str, str]) -> list[str]:
    """The CA bundle that this host trusts, for a build that goes through a proxy with a certificate of its own."""
    for name in CA_VARIABLES:
        bundle = environment.get(name)
        if bundle and Path(bundle).is_file():
            return ["--secret", f"id=ca,src={bundle}"]
    return []


def _environment() -> dict[str, str]:
    """Ours, with the builder that can start from the engine's own images: that of the current context."""
    shown: deque[str] = deque(maxlen=1)
    run_program(["docker", "context", "show"], on_line=shown.append)
    return {**os.environ, "BUILDX_BUILDER": shown[0] if shown else "default"}


def _log_file(tag: str) -> Path:
    caches = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = caches / "synthlab" / "builds"
    folder.mkdir(parents=True, exist_ok=True)
    return folder / f"{re.sub(r'[^A-Za-z0-9.-]', '-', tag)}.log"
