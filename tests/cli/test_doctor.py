"""The findings of `doctor`."""

from __future__ import annotations

import gc
import json
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from synthlab.assets import own_version
from synthlab.cli import doctor
from synthlab.cli.doctor import examine, explained, is_local, version_of
from synthlab.cli.main import main
from synthlab.control.backend import Backend
from synthlab.engine.api import EngineApi, Tool
from synthlab.engine.images import LocalImage
from synthlab.engine.swarm_engine import SwarmEngine as Engine
from synthlab.errors import SynthlabError
from synthlab.testing import FakeEngine


class NoEngine(FakeEngine):
    """No engine answers."""

    def version(self) -> str:
        raise SynthlabError("the Docker engine does not answer") from ConnectionRefusedError("refused")


SYNTHLAB = str(Path(sys.executable).with_name("synthlab"))


class OldEngine(FakeEngine):
    """An old engine."""

    def version(self) -> str:
        return "19.03.15"


class OldImages(FakeEngine):
    """An engine with old images."""

    def image(self, tag: str) -> LocalImage | None:
        return LocalImage(tag, "0", version="0.0.9")


class EmptyEngine(FakeEngine):
    """An engine without images."""

    def __init__(self, **tools: str | None) -> None:
        super().__init__(images={})
        self.tools = tools

    def tool_version(self, tool: Tool) -> str | None:
        return self.tools[tool] if tool in self.tools else super().tool_version(tool)


class RemoteEngine(EmptyEngine):
    """An engine on another machine."""

    def address(self) -> str:
        return "tcp://build-server:2376"


def found(engine: EngineApi) -> dict[str, tuple[bool | None, str]]:
    return {finding.subject: (finding.ok, finding.result) for finding in examine(engine)}


def test_everything_is_looked_at() -> None:
    """Engine, Compose, buildx, disk, ports and every image have a finding; harmless ones are notes."""
    engine = EmptyEngine()
    engine.taken = {3000}
    findings = found(engine)
    assert findings["Docker engine"] == (True, "20.10")
    assert findings["Compose"] == (True, "2.40.3")
    assert findings["port 3000"] == (None, "taken")
    assert findings["port 5901"] == (True, "free")
    assert findings["debian:bookworm-slim"] == (None, "missing")
    assert findings["syntheticnet:latest"] == (None, "not built")


@pytest.mark.parametrize(
    ("tool", "answer", "subject"),
    [
        ("compose", None, "Compose"),
        ("compose", "1.29.2", "Compose"),
        ("compose", "v2.3.0", "Compose"),
        ("compose", "2.23.0", "Compose"),
        ("buildx", None, "buildx"),
    ],
)
def test_failures_have_a_mending(tool: str, answer: str | None, subject: str) -> None:
    """A problem that prevents a lab fails, with its fix."""
    failed = [finding for finding in examine(EmptyEngine(**{tool: answer})) if finding.ok is False]
    assert [finding.subject for finding in failed] == [subject]
    assert "install" in failed[0].fix


def test_no_engine(capsys: pytest.CaptureFixture[str]) -> None:
    """Without an engine the other checks still run, and the status shows that no lab can run."""
    assert main(["doctor", "--json"], Backend(NoEngine())) == 3
    output = capsys.readouterr()
    assert json.loads(output.out)[0]["result"] == "refused"
    assert output.err == "synthlab: this machine cannot run a lab yet: Docker engine\n"


def test_old_versions() -> None:
    """An engine that is too old fails; images of another version are reported."""
    assert found(OldEngine())["Docker engine"] == (False, "19.03.15")
    assert found(OldImages())["syntheticnet:latest"] == (None, f"built by synthlab 0.0.9, this is {own_version()}")


def test_a_distribution_called_synthlab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """If installed next to ours, it is reported with its version and the fix."""
    assert "installation" not in found(EmptyEngine())
    metadata = tmp_path / "synthlab-0.1.6.dist-info" / "METADATA"
    metadata.parent.mkdir()
    metadata.write_text("Metadata-Version: 2.1\nName: synthlab\nVersion: 0.1.6\n")
    monkeypatch.syspath_prepend(tmp_path)
    (finding,) = [one for one in examine(EmptyEngine()) if one.subject == "installation"]
    assert (finding.ok, finding.result) == (None, "synthlab 0.1.6 is installed too, in the same folder `synthlab`")
    assert finding.fix == "`pip uninstall synthlab`, then install synthlab-rtc again"


def test_remote_engine() -> None:
    """With a remote engine commands work, but pages do not open here: a note; this machine's disk does not count."""
    findings = examine(RemoteEngine())
    assert not {"disk space", "port 3000"} & {one.subject for one in findings}
    (finding,) = [one for one in findings if one.subject == "engine's machine"]
    assert finding.ok is None
    assert finding.result.startswith("remote: tcp://build-server:2376; commands work, but")
    assert "docker context use default" in finding.fix


@pytest.mark.parametrize(("answer", "ok"), [("20.10.24", True), (None, False)])
def test_the_docker_command_with_a_remote_engine(answer: str | None, ok: bool) -> None:
    """It is checked that the docker command reaches the engine too: builds and clients depend on it."""
    (finding,) = [one for one in examine(RemoteEngine(engine=answer)) if one.subject == "docker command"]
    assert finding.ok is ok
    assert "tcp://build-server:2376" in finding.result if not ok else "engine 20.10.24" in finding.result


def test_places() -> None:
    """A socket, or a port of this machine, is local; versions are found anywhere in a text."""
    local = ("unix:///var/run/docker.sock", "http+unix:///x", "npipe:////./pipe/docker_engine", "tcp://127.0.0.1:2375")
    assert all(map(is_local, local))
    assert not any(map(is_local, ("ssh://me@host", "tcp://10.0.0.1:2375", "https://host:2376")))
    assert [version_of(result) for result in ("v2.26.1-4", "24.0.7+dfsg", "none")] == [(2, 26), (24, 0), (0, 0)]


@pytest.mark.parametrize(
    ("cause", "address", "expected", "fix"),
    [
        ("PermissionError(13, 'Permission denied')", "unix:///s", "no permission on unix:///s", "usermod -aG docker"),
        ("FileNotFoundError(2, 'No such file')", "unix:///s", "not running: unix:///s does not answer", "systemctl"),
        ("gaierror(-2)", "tcp://host:2376", "no answer from tcp://host:2376: gaierror", "docker context use default"),
        ("something else", "unix:///s", "something else", "start it"),
    ],
)
def test_causes(cause: str, address: str, expected: str, fix: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The fix depends on why the engine does not answer."""
    monkeypatch.delenv("DOCKER_HOST", raising=False)
    explanation = explained(cause, address, FakeEngine.advice)
    assert explanation[0].startswith(expected)
    assert fix in explanation[1]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A separate file system of one megabyte."""
    assert os.geteuid() == 0, "mounting needs root"
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(tmp_path)], check=True)
    yield tmp_path
    subprocess.run(["umount", str(tmp_path)], check=True)


def test_full_disk(small_disk: Path) -> None:
    """The disk with the engine's images is checked."""

    class Cramped(EmptyEngine):
        def folder(self) -> str:
            return str(small_disk)

    (finding,) = [one for one in examine(Cramped()) if one.subject == "disk space"]
    assert (finding.ok, finding.result) == (False, f"0.0 GB free in {small_disk}")
    assert "docker system prune" in finding.fix


def doctor_of(environment: dict[str, str]) -> tuple[int, dict[str, Any], str]:
    """The real command's status, findings and last line, in this environment."""
    command = [SYNTHLAB, "doctor", "--json"]
    made = {**os.environ, **environment}
    done = subprocess.run(command, env=made, capture_output=True, text=True, check=False, timeout=60)
    return done.returncode, {one["subject"]: one for one in json.loads(done.stdout)}, done.stderr


def test_a_dead_socket(tmp_path: Path) -> None:
    """An engine that is stopped: 3, and how to start it."""
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(tmp_path / "docker.sock"))
    status, findings, output = doctor_of({"DOCKER_HOST": f"unix://{tmp_path}/docker.sock"})
    assert (status, findings["Docker engine"]["ok"]) == (3, False)
    assert f"no answer at DOCKER_HOST=unix://{tmp_path}/docker.sock" in findings["Docker engine"]["result"]
    assert "this machine cannot run a lab yet: Docker engine" in output


def test_a_context_elsewhere() -> None:
    """A remote engine that does not answer: 3, with its address."""
    status, findings, _ = doctor_of({"DOCKER_HOST": "tcp://127.255.255.1:9"})
    assert status == 3
    assert findings["engine's machine"]["ok"] is None
    assert "no answer from" in findings["Docker engine"]["result"]


@pytest.mark.parametrize(
    ("script", "expected"), [("echo 1.29.2", "1.29.2"), ("echo 2.20.0", "2.20.0"), ("echo no >&2; exit 1", "no answer")]
)
def test_a_docker_command_without_compose(script: str, expected: str, tmp_path: Path) -> None:
    """An old or missing Compose fails."""
    command = tmp_path / "docker"
    command.write_text(f"#!/bin/sh\n{script}\n")
    command.chmod(0o755)
    status, findings, _ = doctor_of({"PATH": f"{tmp_path}:{os.environ['PATH']}"})
    assert (status, findings["Compose"]["ok"], findings["Compose"]["result"]) == (3, False, expected)
    assert "2.24 or later" in findings["Compose"]["fix"] or expected == "no answer"


def test_no_docker_command(tmp_path: Path) -> None:
    """A missing docker command is reported."""
    status, findings, _ = doctor_of({"PATH": str(tmp_path)})
    assert (status, findings["Compose"]["result"]) == (3, "no docker command in PATH")


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # the SDK leaves its socket open
def test_no_permission(monkeypatch: pytest.MonkeyPatch) -> None:
    """For a user without permission on the socket, the fix says how to get it."""
    assert os.geteuid() == 0, "only root can be somebody else"
    opened = Path(f"/tmp/synthlab-doctor-{os.getpid()}")  # pytest's own folders are closed to others
    opened.mkdir(mode=0o755)
    monkeypatch.setenv("DOCKER_HOST", f"unix://{opened}/docker.sock")
    engine = Engine()
    assert "docker.sock" in engine.address()  # it has loaded what it needs while it may read it
    try:
        with socket.socket(socket.AF_UNIX) as listening:
            listening.bind(str(opened / "docker.sock"))
            (opened / "docker.sock").chmod(0o600)
            listening.listen()
            os.seteuid(65534)
            found = doctor._engine(engine)
    finally:
        os.seteuid(0)
        shutil.rmtree(opened)
        gc.collect()
    assert (found.ok, found.result[:17]) == (False, "no permission on ")
    assert "usermod -aG docker" in found.fix
