"""The wheel: what is installed from it works far from the checkout."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from synthlab.assets import own_version
from synthlab.cli.starters import TEMPLATES, files_of

from . import image_contents
from .installation import install_wheel

pytestmark = pytest.mark.issue(11)


@pytest.fixture(scope="module")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return install_wheel(tmp_path_factory.mktemp("wheel"))


def run(*command: str | Path, folder: Path) -> str:
    """What a program writes that is run in `folder`, where no engine answers."""
    environment = {"PATH": "/usr/bin:/bin", "DOCKER_HOST": f"unix://{folder}/none.sock"}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_version(programs: Path, tmp_path: Path) -> None:
    """The command reports the version, and runs the installed package, not the checkout."""
    assert run(programs / "synthlab", "--version", folder=tmp_path) == f"synthlab {own_version()}\n"
    where = run(programs / "python", "-c", "import synthlab; print(synthlab.__file__)", folder=tmp_path)
    assert Path(where).is_relative_to(programs.parent)


def test_bundled_files(programs: Path, tmp_path: Path) -> None:
    """Stacks, scenarios, profiles and templates are in the wheel."""
    assert 'name: "synthlab-call"' in run(programs / "synthlab", "render", "call.yaml", folder=tmp_path)
    assert "valid: " in run(programs / "synthlab", "scenario", "check", "dog-chews-fiber", folder=tmp_path)
    assert "rate" in run(programs / "synthlab", "profile", "show", "wpt/3g", folder=tmp_path)


def test_templates_of_projects(programs: Path, tmp_path: Path) -> None:
    """`init --template` writes the same files as in the checkout, hidden ones and npm packages included."""
    for template in TEMPLATES:
        folder = tmp_path / template
        folder.mkdir()
        run(programs / "synthlab", "init", "--template", template, folder=folder)
        written = {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}
        assert written == files_of(template)


def test_the_images_are_those_of_the_checkout(programs: Path, tmp_path: Path) -> None:
    """All that images are built from is in the wheel, to the byte: what a checkout has built is current for it."""
    result = run(programs / "python", "-P", image_contents.__file__, folder=tmp_path)
    assert json.loads(result) == image_contents.image_contents()


def test_pytest_finds_the_plugin(programs: Path, tmp_path: Path) -> None:
    """pytest offers the options of the plugin where synthlab is installed."""
    assert "--synthlab-stack" in run(programs / "python", "-m", "pytest", "--help", folder=tmp_path)
