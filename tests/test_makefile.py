"""`make test` with fakes of pytest, ruff, mypy and Docker that only record that they ran."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
NOTE = """#!/bin/sh
echo "{name} $*" >>"$RAN"
case "{name} $*" in *"$BROKEN"*) exit 1;; esac
"""
OF_MAKE = ("MAKEFLAGS", "MAKELEVEL", "MFLAGS", "PYTEST", "SOAK", "SOAK_ONLY", "BENCH", "PYTHON")
"""Variables that an outer `make` would pass down."""
PARTS = {"lint": "ruff", "test-pure": "pytest -n 4", "test-engine": "pytest -p no:randomly"}


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """The Makefile and the scripts of `.ci/` it runs."""
    shutil.copy(ROOT / "Makefile", tmp_path)
    (tmp_path / "pyproject.toml").touch()
    for name in (".ci/engine", ".ci/nft", ".ci/node", "bin/ruff", "bin/mypy", "bin/pytest"):
        file = tmp_path / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(NOTE.format(name=file.name))
        file.chmod(0o755)
    shutil.copy(ROOT / ".ci" / "each", tmp_path / ".ci")
    (tmp_path / "ready").touch()
    return tmp_path


def run_all(checkout: Path, broken: str) -> tuple[subprocess.CompletedProcess[str], list[str]]:
    """Run `make test` with the `broken` program failing; returns the process and the commands recorded."""
    own = {name: value for name, value in os.environ.items() if name not in OF_MAKE}
    done = subprocess.run(
        ["make", "test", "VENV=.", "BIN=bin"],
        cwd=checkout,
        env=own | {"RAN": str(checkout / "ran"), "BROKEN": broken},
        capture_output=True,
        text=True,
        check=False,
    )
    return done, (checkout / "ran").read_text().splitlines()


@pytest.mark.issue(10)
@pytest.mark.parametrize("part", PARTS)
def test_a_failed_part_hides_no_other(part: str, checkout: Path) -> None:
    """All parts run whichever one fails; the exit status and the last line report it."""
    done, ran = run_all(checkout, PARTS[part])
    assert done.returncode != 0
    assert all(any(line.startswith(called) for line in ran) for called in PARTS.values())
    assert f"failed: {part}\n" in done.stderr


@pytest.mark.issue(10)
def test_no_engine(checkout: Path) -> None:
    """If no Docker engine can be started, the tests that need none still run."""
    done, ran = run_all(checkout, "engine start")
    assert done.returncode != 0
    assert any(line.startswith(PARTS["test-pure"]) for line in ran)
    assert "failed: test-engine\n" in done.stderr


def test_all_passed(checkout: Path) -> None:
    """The status is 0 and no failure is reported."""
    done, ran = run_all(checkout, "nothing is called so")
    assert done.returncode == 0, done.stderr
    assert "failed" not in done.stderr
    assert len([line for line in ran if line.startswith("pytest")]) == 2
