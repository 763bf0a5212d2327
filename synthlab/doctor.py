"""What this machine has of what a lab needs; what is missing comes with its mending."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from .containers import EngineApi
from .errors import SynthlabError
from .images import BASE, all_bundled, in_build_order, plan_images
from .ports import FIRST_API_PORT, FIRST_VNC_PORT, is_free
from .process import run_program

COMPOSE = (2, 20)
ENOUGH_DISK = 5 * 10**9

_VERSION = re.compile(r"(\d+)\.(\d+)")


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at. `ok` is None for what is worth knowing but hinders nothing."""

    subject: str
    ok: bool | None
    told: str
    mending: str = ""

    @property
    def mark(self) -> str:
        return {True: "ok", False: "FAILED", None: "note"}[self.ok]


def examine(engine: EngineApi) -> list[Finding]:
    """Look at everything; what needs an engine is left out where none answers."""
    findings = [_engine(engine), _compose(), _buildx(), _disk(), *_ports()]
    return findings + (_images(engine) if findings[0].ok else [])


def _engine(engine: EngineApi) -> Finding:
    try:
        return Finding("Docker engine", True, engine.version())
    except SynthlabError as error:
        cause = str(error.__cause__ or error.message)
        return Finding("Docker engine", False, cause, "start it: Docker Desktop, or `sudo systemctl start docker`")


def _compose() -> Finding:
    mending = "install Docker Compose v2 (package docker-compose-plugin of Docker, docker-compose of Debian 13)"
    told = _first_line("docker", "compose", "version", "--short")
    found = _VERSION.search(told or "")
    if not found:
        return Finding("Compose", False, "no answer", mending)
    enough = (int(found[1]), int(found[2])) >= COMPOSE
    return Finding("Compose", enough, str(told), "" if enough else f"{COMPOSE[0]}.{COMPOSE[1]} or later: {mending}")


def _buildx() -> Finding:
    told = _first_line("docker", "buildx", "version")
    mending = "" if told else "install buildx (package docker-buildx-plugin of Docker, docker-buildx of Debian 13)"
    return Finding("buildx", told is not None, told or "no answer", mending)


def _disk() -> Finding:
    free = shutil.disk_usage("/").free
    enough = free >= ENOUGH_DISK
    return Finding("disk space", enough, f"{free / 1e9:.0f} GB free", "" if enough else "free some: images take 3 GB")


def _ports() -> Iterator[Finding]:
    for port in (FIRST_API_PORT, FIRST_VNC_PORT):
        told, mending = "free", ""
        if not is_free(port):
            told, mending = "taken", "the first client gets another port: see `synthlab ps`"
        yield Finding(f"port {port}", None if mending else True, told, mending)


def _images(engine: EngineApi) -> list[Finding]:
    base = engine.image(BASE)
    mending = "" if base else "`synthlab up` pulls it, or builds it on Debian as root"
    findings = [Finding(BASE, True if base else None, "present" if base else "missing", mending)]
    for planned in plan_images(in_build_order(all_bundled()), engine.image):
        told = "current" if planned.current else "changed" if engine.image(planned.image.tag) else "not built"
        mending = "" if planned.current else "`synthlab up` builds it, `synthlab images build` all"
        findings.append(Finding(planned.image.tag, True if planned.current else None, told, mending))
    return findings


def _first_line(*command: str) -> str | None:
    """The first line that a command writes, or None when it fails."""
    lines: list[str] = []
    on_line: Callable[[str], None] = lines.append
    try:
        finished = run_program(command, on_line=on_line, timeout_s=20)
    except SynthlabError:
        return None
    return lines[0] if lines and finished.status == 0 else None
