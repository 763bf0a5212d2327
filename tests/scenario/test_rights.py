"""Actions with the user's rights, and the permission that foreign files need for them."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from synthlab.cli.main import main
from synthlab.errors import WrongUse
from synthlab.runner import RunOptions, play
from synthlab.scenario import Plan, check_scenario
from synthlab.scenario.rights import acts, refuse_strange
from synthlab.stack import Sfu
from synthlab.stack.compose_source import ComposeFile
from synthlab.stack.ownership import is_own
from synthlab.stack.rights import stack_acts
from synthlab.testing import fake_backend

pytestmark = pytest.mark.issue(10)

SCENARIO = """\
stack: call.yaml
steps:
  - {exec: 'touch owned', in: host}
  - {repeat: 2, steps: [{http: 'http://169.254.169.254/'}]}
  - {exec: 'true', in: c}
  - {wait: "${SHORT}"}
"""
STACK = """\
allow: [10.0.0.0/8]
sfu: {image: 'acme/sfu:${TAG}', metrics: 'http://10.0.0.1/metrics', ports: [80], join: 10.0.0.2}
clients:
  c: {build: own}
  d: {image: a, media: {video: ../out.y4m}}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a scenario that uses every such action."""
    there = tmp_path / "there"
    (there / "own").mkdir(parents=True)
    (there / "own" / "Dockerfile").write_text("FROM scratch\n")
    (tmp_path / "out.y4m").write_bytes(b"")
    (there / "call.yaml").write_text(STACK)
    (there / "s.yaml").write_text(SCENARIO)
    return there


def planned(folder: Path) -> Plan:
    return check_scenario(str(folder / "s.yaml"), environment={"TAG": "1", "SHORT": "1s", "HOME": "/"})


def test_all_acts_are_listed(folder: Path) -> None:
    """Each action is listed once, with its position."""
    plan = planned(folder)
    assert acts(plan) == [
        f"{plan.scenario.file}:3: exec 'touch owned' on the host",
        f"{plan.scenario.file}:4: http GET http://169.254.169.254/, expects 200",
        f"{plan.scenario.file}: reads the environment variable SHORT",
        f"call.yaml: c: builds {folder / 'own'}/Dockerfile",
        "call.yaml: c: opens its control ports to 10.0.0.0/8, on all addresses of this machine",
        f"call.yaml: d: mounts {folder.parent / 'out.y4m'}, outside the stack's folder",
        "call.yaml: d: opens its control ports to 10.0.0.0/8, on all addresses of this machine",
        "call.yaml: sfu: publishes its ports on 10.0.0.2",
        "call.yaml: sfu: sends requests to http://10.0.0.1/metrics from this machine",
        "call.yaml: reads the environment variable TAG",
    ]


def test_a_compose_file(folder: Path) -> None:
    """Every service of a Compose file that reaches beyond its container is listed."""
    services: dict[str, dict[str, Any]] = {
        "sfu": {"image": "a", "volumes": [{"source": "/", "target": "/host"}], "privileged": True},
        "db": {"image": "b", "volumes": [{"source": "/var/run/docker.sock", "target": "/docker.sock"}]},
    }
    sfu = Sfu(app="sfu", image="", service="sfu")
    stack = replace(planned(folder).scenario.stack, sfu=sfu, compose=ComposeFile(services, {}))
    result = list(stack_acts(stack))
    assert "sfu: starts a service of a Compose file, with volumes, privileged" in result
    assert "db: starts a service of a Compose file, with volumes" in result
    assert "db: controls the engine, through its socket" in result


def test_check_lists_them(capsys: pytest.CaptureFixture[str]) -> None:
    """Bundled scenarios have no such actions."""
    assert main(["scenario", "check", "dog-chews-fiber"]) == 0
    assert "acts with your rights" not in capsys.readouterr().out


def run(folder: Path, monkeypatch: pytest.MonkeyPatch, *more: str) -> int:
    monkeypatch.setenv("TAG", "1")
    monkeypatch.setenv("SHORT", "1s")
    backend, _ = fake_backend("other")
    return main(["scenario", *more, str(folder / "s.yaml")], backend)


def test_a_strangers_scenario(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A foreign file is rejected in one line with status 2 and runs nothing; `check` lists its actions."""
    monkeypatch.chdir(folder / "own")
    assert run(folder, monkeypatch, "run") == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "s.yaml:3: exec 'touch owned' on the host (2 more: `synthlab scenario check` lists them)" in line
    assert "is outside your project; allow it with --allow-host" in line
    assert not list(folder.glob("**/owned"))
    assert run(folder, monkeypatch, "check") == 0
    assert capsys.readouterr().out.count("  acts with your rights: ") == 10


def test_in_python(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A plan played from Python is rejected too, before the lab is contacted."""
    monkeypatch.chdir(folder / "own")
    with pytest.raises(WrongUse, match="is outside your project"):
        play(planned(folder), None, RunOptions(), None, print, "s")  # type: ignore[arg-type]


def test_ones_own(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file in the project is played; a foreign stack of an own scenario is rejected."""
    monkeypatch.chdir(folder)
    plan = planned(folder)
    refuse_strange(plan)
    stack = replace(plan.scenario.stack, source=Path("/etc/hostname"))
    with pytest.raises(WrongUse, match=r"call.yaml: c: .* \(6 more.*/etc/hostname is outside your project"):
        refuse_strange(replace(plan, scenario=replace(plan.scenario, stack=stack)))


def linked(folder: Path) -> Path:
    (folder / "link").symlink_to("/etc/hostname")
    return folder / "link"


@pytest.mark.parametrize(
    ("path", "own"),
    [(["a.yaml"], True), (["sub", "a.yaml"], True), (["..", "a.yaml"], False), (["/etc/hostname"], False)],
)
@pytest.mark.parametrize("git", [False, True])
def test_where_ones_own_files_lie(path: Sequence[str], own: bool, git: bool, tmp_path: Path) -> None:
    """Files below the working folder, or anywhere in its git work tree, are the user's own."""
    here = tmp_path / "project" / "here"
    (here / "sub").mkdir(parents=True)
    if git:
        (tmp_path / "project" / ".git").mkdir()
    file = here.joinpath(*path)
    if not file.exists():
        file.write_text("")
    assert is_own(file, here) is (own or (git and path[0] == ".."))


def test_what_is_not_ones_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A link out of the project, a file of another user, and all in the home folder or that for temporary files."""
    mine = tmp_path / "mine"
    mine.write_text("")
    assert is_own(mine, tmp_path)
    assert not is_own(linked(tmp_path), tmp_path)
    for variable in ("HOME", "TMPDIR"):
        with monkeypatch.context() as context:
            context.setenv(variable, str(tmp_path))
            context.setattr("tempfile.tempdir", None)
            assert not is_own(mine, tmp_path)
    monkeypatch.setattr(os, "getuid", lambda: mine.stat().st_uid + 1)
    assert not is_own(mine, tmp_path)
