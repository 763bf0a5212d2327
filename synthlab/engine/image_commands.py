"""Builds and transfers images with the engine's command. Builds use the host's proxies and CA bundle."""

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
    """The long-running part of EngineApi's Images."""

    command: str

    def build_image(self, build: ImageBuild, on_line: Callable[[str], None]) -> Finished:
        command = [self.command, *build_arguments(build, os.environ)]
        return run_program(command, on_line=on_line, environment=self._build_environment())

    def pull_image(self, tag: str, timeout_s: float | None = None) -> Finished:
        return run_program([self.command, "pull", tag], timeout_s=timeout_s)

    def push_image(self, tag: str) -> Finished:
        return run_program([self.command, "push", tag])

    def import_image(self, archive: Path, tag: str) -> Finished:
        return run_program([self.command, "import", str(archive), tag])

    def save_images(self, tags: Sequence[str], file: Path) -> Finished:
        return run_program([self.command, "save", "--output", str(file), *tags])

    def load_images(self, file: Path, on_line: Callable[[str], None]) -> Finished:
        return run_program([self.command, "load", "--input", str(file)], on_line=on_line)

    def untag_image(self, tag: str) -> None:
        run_program([self.command, "rmi", "--no-prune", tag])

    def _build_environment(self) -> dict[str, str]:
        """Ours, with the current context's builder: only that one can build FROM the engine's local images."""
        shown: deque[str] = deque(maxlen=1)
        run_program([self.command, "context", "show"], on_line=shown.append)
        return {**os.environ, "BUILDX_BUILDER": shown[0] if shown else "default"}


def build_arguments(build: ImageBuild, environment: Mapping[str, str]) -> list[str]:
    """What follows the engine's command to build an image; `environment` gives the proxies and the CA bundle."""
    return [
        *("buildx", "build", "--load", "--progress", "plain", "--tag", build.tag),
        *(part for name, value in build.labels.items() for part in ("--label", f"{name}={value}")),
        *(part for name, value in build.args.items() for part in ("--build-arg", f"{name}={value}")),
        # Name only: buildx reads the value from its environment, and a password stays off the command line.
        *(part for name in _proxies(environment) for part in ("--build-arg", name)),
        *(("--file", str(build.dockerfile)) if build.dockerfile else ()),
        *_secrets(environment),
        str(build.context),
    ]


def _proxies(environment: Mapping[str, str]) -> Iterator[str]:
    for name in PROXY_VARIABLES:
        # Programs differ in which spelling they read.
        yield from (spelling for spelling in (name, name.upper()) if environment.get(spelling))


def _secrets(environment: Mapping[str, str]) -> list[str]:
    """The host's CA bundle, for builds behind a proxy that intercepts TLS."""
    for name in CA_VARIABLES:
        bundle = environment.get(name)
        if bundle and Path(bundle).is_file():
            return ["--secret", f"id=ca,src={bundle}"]
    return []
