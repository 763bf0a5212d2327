"""What the docker command does with images: builds them, and brings them to and from other places.

A build gets the host's proxies and CA.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from .images import ImageBuild
from .process import Finished, run_program

CA_VARIABLES = ("SSL_CERT_FILE", "PIP_CERT", "REQUESTS_CA_BUNDLE")
PROXY_VARIABLES = ("http_proxy", "https_proxy", "ftp_proxy", "all_proxy", "no_proxy")


class ImageCommands:
    """The work with images of the EngineApi that takes long."""

    def build_image(self, build: ImageBuild, on_line: Callable[[str], None]) -> Finished:
        return run_program(build_command(build, os.environ), on_line=on_line, environment=_environment())

    def pull_image(self, tag: str, timeout_s: float | None = None) -> Finished:
        return run_program(["docker", "pull", tag], timeout_s=timeout_s)

    def push_image(self, tag: str) -> Finished:
        return run_program(["docker", "push", tag])

    def import_image(self, archive: Path, tag: str) -> Finished:
        return run_program(["docker", "import", str(archive), tag])

    def save_images(self, tags: Sequence[str], file: Path) -> Finished:
        return run_program(["docker", "save", "--output", str(file), *tags])

    def load_images(self, file: Path, on_line: Callable[[str], None]) -> Finished:
        return run_program(["docker", "load", "--input", str(file)], on_line=on_line)

    def untag_image(self, tag: str) -> None:
        run_program(["docker", "rmi", "--no-prune", tag])


def build_command(build: ImageBuild, environment: Mapping[str, str]) -> list[str]:
    """The docker command that builds an image, in an environment with these variables."""
    return [
        *("docker", "buildx", "build", "--load", "--progress", "plain", "--tag", build.tag),
        *(part for name, value in build.labels.items() for part in ("--label", f"{name}={value}")),
        *(part for name, value in build.args.items() for part in ("--build-arg", f"{name}={value}")),
        # Without a value, buildx takes it from the environment: it may hold a password.
        *(part for name in _proxies(environment) for part in ("--build-arg", name)),
        *(("--file", str(build.dockerfile)) if build.dockerfile else ()),
        *_secrets(environment),
        str(build.context),
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
