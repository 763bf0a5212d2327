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
from ..engine.advice import Advice
from ..engine.api import EngineApi
from ..engine.images import LocalImage
from ..errors import SynthlabError

COMPOSE = (2, 24)  # configs with `content`, which carry traces and tables, came with 2.23.1
ENOUGH_DISK = 5 * 10**9

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
        findings += [_disk(engine.folder() if found.ok else "/", engine.advice), *_ports(engine)]
    return findings + (_images(engine) if found.ok else [])


def _installation() -> Iterator[Finding]:
    """A distribution named `synthlab` next to ours: an older one of ours, or the unrelated one on PyPI."""
    with suppress(PackageNotFoundError):
        result = f"synthlab {distribution('synthlab').version} is installed too, in the same folder `synthlab`"
        yield Finding("installation", None, result, f"`pip uninstall synthlab`, then install {DISTRIBUTION} again")


def _engine(engine: EngineApi) -> Finding:
    subject, oldest = f"{engine.advice.name} engine", engine.advice.oldest
    try:
        result = engine.version()
    except SynthlabError as error:
        cause = str(error.__cause__ or error.message)
        return Finding(subject, False, *explained(cause, _address(engine), engine.advice))
    enough = version_of(result) >= oldest
    return Finding(subject, enough, result, "" if enough else f"update it to {oldest[0]}.{oldest[1]} or later")


def explained(cause: str, address: str, advice: Advice) -> tuple[str, str]:
    """Why an engine does not answer, and how to fix it, from the error of its library."""
    if "Permission" in cause:
        return f"no permission on {address}", advice.get_permission
    if not is_local(address):
        return f"no answer from {address}: {cause}", f"start that engine, or use this machine's: {advice.use_local}"
    if os.environ.get(advice.address_variable):
        variable = advice.address_variable
        return f"no answer at {variable}={address}", f"start that engine, or `unset {variable}`"
    result = f"not running: {address} does not answer" if _NOT_THERE.search(cause) else cause
    return result, advice.start


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
        fix = f"forward their ports, or use this machine's engine: {engine.advice.use_local}"
        yield Finding("engine's machine", None, result, fix)
        yield _way(address, engine)


def _way(address: str, engine: EngineApi) -> Finding:
    """Whether the engine's command reaches the engine too: builds and requests to clients go through it."""
    subject, start = f"{engine.command} command", time.monotonic()
    result = engine.tool_version("engine")
    took = time.monotonic() - start
    if result is None:
        reason = f"run `{engine.command} version` for the reason"
        fix = f"{reason}; ssh:// requires a login without prompts. Or: {engine.advice.use_local}"
        return Finding(subject, False, f"does not reach {address}", fix)
    return Finding(subject, True, f"reaches it: engine {result}, answered in {took:.1f} s")


def _compose(engine: EngineApi) -> Finding:
    fix = engine.advice.install_compose
    result = engine.tool_version("compose")
    if result is None or version_of(result) == (0, 0):
        cause = "no answer" if engine.has_command() else f"no {engine.command} command in PATH"
        return Finding("Compose", False, cause, fix)
    enough = version_of(result) >= COMPOSE
    return Finding("Compose", enough, result, "" if enough else f"{COMPOSE[0]}.{COMPOSE[1]} or later: {fix}")


def _buildx(engine: EngineApi) -> Finding:
    result = engine.tool_version("buildx")
    fix = "" if result else engine.advice.install_buildx
    return Finding("buildx", result is not None, result or "no answer", fix)


def _disk(folder: str, advice: Advice) -> Finding:
    """Free space where the engine keeps its images; inside Docker Desktop's virtual machine it cannot be read."""
    place = folder if Path(folder).is_dir() else "/"
    free = shutil.disk_usage(place).free
    fix = "" if free >= ENOUGH_DISK else f"{advice.free_space}: images take 3 GB"
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
