"""The files for CI services, and all shell scripts: schemas, lint, and no input that a shell would run."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from synthlab.stack.yaml import read_resolved

pytestmark = pytest.mark.issue(16)

ROOT = Path(__file__).resolve().parents[1]
PROGRAMS = Path(sys.executable).parent
ACTION = ROOT / "action.yml"
WORKFLOWS = sorted(
    [*(ROOT / ".github/workflows").glob("*.yml"), *(ROOT / "templates").rglob(".github/workflows/*.yml")]
)
GITLAB = sorted((ROOT / "templates").rglob(".gitlab-ci.yml"))
SCHEMAS = {ACTION: "github-actions"} | dict.fromkeys(WORKFLOWS, "github-workflows") | dict.fromkeys(GITLAB, "gitlab-ci")
SHEBANGS = ("#!/bin/sh", "#!/usr/bin/env bash")


def check(program: str, *arguments: str, given: str = "") -> None:
    """Run a program of this environment, which must find nothing."""
    command = [str(PROGRAMS / program), *arguments]
    done = subprocess.run(command, input=given, capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def contents(file: Path) -> dict[str, Any]:
    plain: dict[str, Any] = read_resolved(file.read_text(), file.name).plain()
    return plain


def steps(file: Path) -> Iterator[dict[str, Any]]:
    """The steps of all jobs, or of the action."""
    document = contents(file)
    jobs = [document["runs"]] if "runs" in document else document["jobs"].values()
    for job in jobs:
        yield from job["steps"]


def blocks() -> Iterator[Any]:
    """Every piece of shell in these files."""
    for file in (ACTION, *WORKFLOWS):
        for number, step in enumerate(steps(file), 1):
            if "run" in step:
                yield pytest.param(step["run"], id=f"{file.stem}-{number}")
    for file in GITLAB:
        for name, job in contents(file).items():
            yield pytest.param("\n".join([*job["before_script"], *job["script"]]), id=name)


def scripts() -> Iterator[str]:
    """Every shell script that git knows."""
    known = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\n")
    for name in filter(None, known):
        with (ROOT / name).open("rb") as file:
            if file.readline().decode(errors="replace").strip() in SHEBANGS:
                yield name


@pytest.mark.parametrize("file", SCHEMAS, ids=lambda file: str(file.relative_to(ROOT)))
def test_the_service_accepts_it(file: Path) -> None:
    """By the service's own published schema."""
    check("check-jsonschema", "--builtin-schema", f"vendor.{SCHEMAS[file]}", str(file))


def test_yaml() -> None:
    check("yamllint", "--strict", *map(str, SCHEMAS), ".github", "mkdocs.yml")


def test_shell_scripts() -> None:
    found = list(scripts())
    assert ".ci/run" in found
    check("shellcheck", *found)


@pytest.mark.parametrize("block", list(blocks()))
def test_shell_in_yaml(block: str) -> None:
    """A job's shell stops at the first error; GitHub's adds `-eo pipefail`, too."""
    assert "${{" not in block, "an expression would be run as shell: pass it in `env`"
    check("shellcheck", "--shell", "bash", "--exclude", "SC1091,SC2153", "-", given=block)


@pytest.mark.parametrize("file", WORKFLOWS, ids=lambda file: file.stem)
def test_jobs_are_bounded(file: Path) -> None:
    """Every job has a timeout, and only those that publish may write."""
    document = contents(file)
    assert all("timeout-minutes" in job for job in document["jobs"].values())
    if file.is_relative_to(ROOT / ".github"):
        assert document["permissions"] == {"contents": "read"}


def test_the_release_publishes_every_image_and_the_changes_of_the_version() -> None:
    """The change log has a section for the version that the workflow looks for."""
    version = (ROOT / "pyproject.toml").read_text().split('version = "')[1].split('"')[0]
    (take,) = [
        step["run"] for step in steps(ROOT / ".github/workflows/release.yml") if "CHANGELOG" in step.get("run", "")
    ]
    awk = take.splitlines()[0].replace(">dist/changes.md", "")
    shell = ["env", f"GITHUB_REF_NAME=v{version}", "bash", "-c", awk]
    changes = subprocess.run(shell, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert changes.lstrip().startswith("### ")
    assert "\n## " not in changes
