"""Checks whether this machine meets a lab's requirements, and says how to fix what is missing."""

from __future__ import annotations

import os
import re
import shutil
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from urllib.parse import urlsplit

from ..assets import DISTRIBUTION, own_version
from ..contract import BASE
from ..control.versions import UNKNOWN
from ..deploy.host_ports import FIRST_API_PORT, FIRST_VNC_PORT
from ..deploy.images import all_bundled, in_build_order, plan_images
from ..engine.api import EngineApi
from ..engine.images import LocalImage
from ..errors import SynthlabError

ENGINE = (20, 10)
COMPOSE = (2, 24)  # configs with `content`, which carry traces and tables, came with 2.23.1
ENOUGH_DISK = 5 * 10**9

LOCAL = "`docker context use default`, `unset DOCKER_HOST`"
NO_COMMAND = "no docker command in PATH"

_NOT_THERE = re.compile("FileNotFound|No such file|ConnectionRefused|Connection refused")
_VERSION = re.compile(r"(\d+)\.(\d+)")


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of one check. `ok` is None for a note: worth knowing, but not a problem."""

    subject: str
    ok: bool | None
    result: str
    fix: str = ""

    @property
    def mark(self) -> str:
        return {True: "ok", False: "FAILED", None: "note"}[self.ok]


def examine(engine: EngineApi) -> list[Finding]:
    """Run all checks; those that need an engine are skipped if none answers."""
    found = _engine(engine)
    findings = [*_installation(), found, *_place(engine), _compose(engine), _buildx(engine)]
    if is_local(_address(engine)):
        findings += [_disk(engine.folder() if found.ok else "/"), *_ports(engine)]
    return findings + (_images(engine) if found.ok else [])


def _installation() -> Iterator[Finding]:
    """A distribution named `synthlab` next to ours: an older one of ours, or the unrelated one on PyPI."""
    with suppress(PackageNotFoundError):
        result = f"synthlab {distribution('synthlab').version} is installed too, in the same folder `synthlab`"
        yield Finding("installation", None, result, f"`pip uninstall synthlab`, then install {DISTRIBUTION} again")


def _engine(engine: EngineApi) -> Finding:
    try:
        result = engine.version()
    except SynthlabError as error:
        cause = str(error.__cause__ or error.message)
        return Finding("Docker engine", False, *explained(cause, _address(engine)))
    enough = version_of(result) >= ENGINE
    return Finding("Docker engine", enough, result, "" if enough else f"update it to {ENGINE[0]}.{ENGINE[1]} or later")


def explained(cause: str, address: str) -> tuple[str, str]:
    """Why an engine does not answer, and how to fix it, from the error of Docker's library."""
    if "Permission" in cause:
        return f"no permission on {address}", "`sudo usermod -aG docker $USER`, then log in again (or use sudo)"
    if not is_local(address):
        return f"no answer from {address}: {cause}", f"start that engine, or use this machine's: {LOCAL}"
    if os.environ.get("DOCKER_HOST"):
        return f"no answer at DOCKER_HOST={address}", "start that engine, or `unset DOCKER_HOST`"
    result = f"not running: {address} does not answer" if _NOT_THERE.search(cause) else cause
    return result, "start it: Docker Desktop, or `sudo systemctl start docker`"


def is_local(address: str) -> bool:
    """Whether ports that an engine publishes on 127.0.0.1 open on this machine."""
    parts = urlsplit(address)
    return parts.scheme in ("unix", "http+unix", "npipe") or parts.hostname in ("127.0.0.1", "localhost", "::1")


def version_of(result: str) -> tuple[int, int]:
    """The first two numbers of a version; (0, 0) if there are none."""
    match = _VERSION.search(result)
    return (int(match[1]), int(match[2])) if match else (0, 0)


def _address(engine: EngineApi) -> str:
    try:
        return engine.address()
    except SynthlabError as error:
        return error.message


def _place(engine: EngineApi) -> Iterator[Finding]:
    """Findings for a remote engine, whose ports on 127.0.0.1 open on its own machine only."""
    address = _address(engine)
    if "://" in address and not is_local(address):
        result = f"remote: {address}; commands work, but control pages and screens do not open on this machine"
        yield Finding("engine's machine", None, result, f"forward their ports, or use this machine's engine: {LOCAL}")
        yield _way(address, engine)


def _way(address: str, engine: EngineApi) -> Finding:
    """Whether the docker command reaches the engine too: builds and requests to clients go through it."""
    start = time.monotonic()
    result = engine.tool_version("engine")
    took = time.monotonic() - start
    if result is None:
        fix = f"run `docker version` for the reason; ssh:// requires a login without prompts. Or: {LOCAL}"
        return Finding("docker command", False, f"does not reach {address}", fix)
    return Finding("docker command", True, f"reaches it: engine {result}, answered in {took:.1f} s")


def _compose(engine: EngineApi) -> Finding:
    fix = "install Docker Compose v2 (package docker-compose-plugin of Docker, docker-compose of Debian 13)"
    result = engine.tool_version("compose")
    if result is None or version_of(result) == (0, 0):
        return Finding("Compose", False, "no answer" if engine.has_command() else NO_COMMAND, fix)
    enough = version_of(result) >= COMPOSE
    return Finding("Compose", enough, result, "" if enough else f"{COMPOSE[0]}.{COMPOSE[1]} or later: {fix}")


def _buildx(engine: EngineApi) -> Finding:
    result = engine.tool_version("buildx")
    fix = "" if result else "install buildx (package docker-buildx-plugin of Docker, docker-buildx of Debian 13)"
    return Finding("buildx", result is not None, result or "no answer", fix)


def _disk(folder: str) -> Finding:
    """Free space where the engine keeps its images; inside Docker Desktop's virtual machine it cannot be read."""
    place = folder if Path(folder).is_dir() else "/"
    free = shutil.disk_usage(place).free
    fix = "" if free >= ENOUGH_DISK else "free some space (`docker system prune` removes unused data): images take 3 GB"
    return Finding("disk space", free >= ENOUGH_DISK, f"{free / 1e9:.1f} GB free in {place}", fix)


def _ports(engine: EngineApi) -> Iterator[Finding]:
    for port in (FIRST_API_PORT, FIRST_VNC_PORT):
        result, fix = "free", ""
        if not engine.is_free(port):
            result, fix = "taken", "the first client gets another port: see `synthlab ps`"
        yield Finding(f"port {port}", None if fix else True, result, fix)


def _images(engine: EngineApi) -> list[Finding]:
    base = engine.image(BASE)
    fix = "" if base else "`synthlab up` pulls it, or on Debian as root builds it"
    findings = [Finding(BASE, True if base else None, "present" if base else "missing", fix)]
    for planned in plan_images(in_build_order(all_bundled()), engine.image):
        present = engine.image(planned.image.tag)
        result = "current" if planned.current else _stale(present) if present else "not built"
        fix = "" if planned.current else "`synthlab up` builds it, `synthlab images build` builds all"
        findings.append(Finding(planned.image.tag, True if planned.current else None, result, fix))
    return findings


def _stale(image: LocalImage) -> str:
    if image.version == own_version():
        return "changed since it was built"
    return f"built by synthlab {image.version or UNKNOWN}, this is {own_version()}"
