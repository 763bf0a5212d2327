"""What `init --template` writes, used as it says: every command that it prints, in an empty folder."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from synthlab.contract import BASE
from synthlab.deploy.base_image import ensure_base_image
from synthlab.engine.swarm_engine import SwarmEngine as Engine
from synthlab.stack.yaml import read_resolved

from ..installation import build_wheel
from .github_job import GithubJob
from .labs import docker, synthlab
from .leftovers import leftovers
from .tls_engine import tls_engine

pytestmark = [pytest.mark.docker, pytest.mark.issue(13), pytest.mark.soak, pytest.mark.timeout(900)]

PROGRAMS = Path(sys.executable).parent


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder, which is the current one; the `synthlab` on PATH is that of these tests."""
    empty = tmp_path / "own-template"
    empty.mkdir()
    monkeypatch.chdir(empty)
    monkeypatch.setenv("PATH", f"{PROGRAMS}:{os.environ['PATH']}")
    monkeypatch.setenv("WEB_PORT", "18023")
    return empty


def next_steps(template: str) -> list[str]:
    """Write the template; the commands that it prints."""
    first, *steps = synthlab("init", "--template", template).stdout.splitlines()
    assert first.startswith("wrote ")
    return [shlex.join(shlex.split(step, comments=True)) for step in steps]


def shell(command: str, **environment: str) -> str:
    """What a command in a shell writes; it must succeed."""
    given = {**os.environ, **environment}
    done = subprocess.run(["bash", "-c", command], env=given, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
    return done.stdout


def follow(steps: list[str], lab: str) -> dict[str, list[str]]:
    """Carry out the steps; what each one wrote. The lab must be gone at the end."""
    written = dict[str, list[str]]()
    try:
        for step in steps:
            written.setdefault(step, []).append(shell(step, SYNTHLAB_LAB=lab))
    finally:
        subprocess.run(["synthlab", "down", lab, "--volumes"], capture_output=True, check=False)
    assert leftovers(lab) == []
    return written


def round_trips(pings: list[str]) -> list[float]:
    """The milliseconds that each `ping` printed."""
    return [float(text.split("round trip")[1].split()[0]) for text in pings]


def test_bare() -> None:
    """The two clients are as far apart as the file says, and then as `set` says."""
    first, second = round_trips(follow(next_steps("bare"), "lab")["synthlab ping client1 client2"])
    assert 20 <= first < 100
    assert 160 <= second < 240


def test_compose() -> None:
    """The override file and the flow have their effect, and the suite passes in a lab of its own."""
    ensure_base_image(Engine(), lambda line: None)
    try:
        written = follow(next_steps("compose"), "own-template")
    finally:
        images = docker("image", "ls", "--quiet", "--filter", "reference=synthlab-own-template*").split()
        docker("image", "rm", "--force", *set(images))
    (ping,) = round_trips(written["synthlab ping web store"])
    assert 20 <= ping < 100
    (slow,) = written["sh check.sh"]
    text, time = slow.splitlines()
    assert text == "fresh from the store"
    assert 1.2 <= float(time.split()[1]) < 2  # two round trips


def test_pytest() -> None:
    (written,) = follow(next_steps("pytest"), "none").values()
    assert " 2 passed in " in written[0]


def test_playwright() -> None:
    """npm installs what is there and Playwright alone; the browser is the lab's."""
    written = follow(next_steps("playwright"), "none")
    assert "1 passed" in written["npx playwright test"][0]
    installed = json.loads(Path("node_modules/.package-lock.json").read_text())["packages"]
    names = {name.removeprefix("node_modules/") for name, about in installed.items() if not about.get("optional")}
    playwright = {"@playwright/test", "playwright", "playwright-core"}
    assert names == {"synthlab", "@synthlab/playwright", *playwright}


@pytest.fixture
def wheel(folder: Path) -> None:
    """The files of `ci`, with the wheel where the jobs expect it."""
    next_steps("ci")
    (folder / "wheels").mkdir()
    build_wheel(folder / "wheels")


def results() -> None:
    """The scenario has passed, and left its report and its results."""
    assert Path("report.html").stat().st_size > 0
    (suite,) = ElementTree.parse("results.xml").getroot()
    assert (suite.get("failures"), suite.get("errors")) == ("0", "0")
    assert leftovers("lab") == []


def test_ci() -> None:
    """The scenario that both jobs play passes by hand."""
    for step in next_steps("ci"):
        shell(step)
    results()


@pytest.mark.usefixtures("wheel")
def test_github(folder: Path) -> None:
    """The steps of the job succeed in a shell, in order, with an empty cache and with a full one."""
    described = read_resolved(Path(".github/workflows/network.yml").read_text(), "network.yml").plain()["jobs"][
        "network"
    ]
    for cached in (False, True):
        job = GithubJob(folder, described["env"])
        assert job.run(described["steps"], cached=cached) == 0, job.printed
        assert len(job.outputs["key"]) == 32
        assert job.summary.startswith("## ✓ 1 passed\n")
        assert Path("images.tar").stat().st_size > 0
        results()


@pytest.mark.usefixtures("wheel")
def test_gitlab(folder: Path) -> None:
    """The script succeeds with a remote engine, like docker-in-docker, with an empty cache and with a full one."""
    job = read_resolved(Path(".gitlab-ci.yml").read_text(), ".gitlab-ci.yml").plain()["network"]
    synthlab("images", "build", "syntheticnet")
    with tls_engine(folder / "certificates", BASE, "syntheticnet:base", "syntheticnet:latest") as engine:
        variables = {**job["variables"], **engine}
        for _ in range(2):
            shell("set -eo pipefail\n" + "\n".join(job["script"]), **variables)
            assert Path("images.tar").stat().st_size > 0
            results()
