"""The projects that `init --template` writes."""

from __future__ import annotations

import io
import json
import tarfile
from pathlib import Path

import pytest

from synthlab.cli.main import main
from synthlab.cli.starters import TEMPLATES, files_of, next_steps, npm_tarball
from synthlab.control.backend import Backend
from synthlab.stack import read_stack
from synthlab.testing import FakeEngine

pytestmark = pytest.mark.issue(13)


def init(*options: str) -> int:
    return main(["init", *options], Backend(FakeEngine()))


@pytest.mark.parametrize("template", TEMPLATES)
def test_what_is_written(
    template: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """All files of the template, and nothing else; they are listed, with the commands to go on with."""
    monkeypatch.chdir(tmp_path)
    assert init("--template", template) == 0
    written = {str(file.relative_to(tmp_path)): file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()}
    assert written == files_of(template)
    first, *steps = capsys.readouterr().out.splitlines()
    assert first == f"wrote {', '.join(files_of(template))}; next:"
    assert steps == [f"  {step}" for step in next_steps(template)]
    if "lab.yaml" in written:
        read_stack("lab.yaml", environment={})


def test_no_file_is_overwritten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Those that exist are listed in one line, and none is written."""
    monkeypatch.chdir(tmp_path)
    Path("lab.yaml").write_text("mine")
    Path("thin-uplink.yaml").write_text("mine")
    assert init("--template", "ci") == 2
    error = capsys.readouterr().err
    assert error == "synthlab: lab.yaml, thin-uplink.yaml exist: nothing was written; choose an empty folder\n"
    assert sorted(file.name for file in tmp_path.iterdir()) == ["lab.yaml", "thin-uplink.yaml"]
    assert Path("lab.yaml").read_text() == "mine"


@pytest.mark.parametrize(
    ("options", "error"),
    [
        (["--template", "pytes"], "--template: no template 'pytes'; did you mean pytest?"),
        (["--template", "x"], f"--template: no template 'x'; there are: {', '.join(TEMPLATES)}"),
        (["--template", "ci", "-f", "x"], "-f: not together with --template, whose files have names of their own"),
        (["--template", "ci", "--output", "x"], "--output: not together with --template, whose files have names"),
    ],
)
def test_mistakes(options: list[str], error: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert init(*options) == 2
    assert error in capsys.readouterr().err


def test_the_scenario(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The scenario for CI is one that `check` has nothing to say about."""
    monkeypatch.chdir(tmp_path)
    assert init("--template", "ci") == 0
    assert main(["scenario", "check", "thin-uplink.yaml"], Backend(FakeEngine())) == 0


@pytest.mark.parametrize("package", ["synthlab", "playwright"])
def test_npm_packages(package: str) -> None:
    """A tarball is always the same, and has no link and no path outside its folder."""
    content = npm_tarball(package)
    assert content == npm_tarball(package)
    with tarfile.open(fileobj=io.BytesIO(content)) as archive:
        entries = archive.getmembers()
        about = archive.extractfile("package/package.json")
        assert about
        assert json.load(about)["type"] == "module"
    assert all(entry.isfile() and entry.name.startswith("package/") for entry in entries)
