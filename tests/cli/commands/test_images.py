"""`images`, run in this process without Docker."""

from __future__ import annotations

import pytest

from synthlab.control.backend import Backend
from synthlab.testing import FakeEngine

from .command import output_json, run


def test_images_ls(capsys: pytest.CaptureFixture[str]) -> None:
    """Images are listed with version, size and state."""
    assert run("images", "ls", "--json", backend=Backend(FakeEngine())) == 0
    assert {(one["state"], one["version"]) for one in output_json(capsys)} == {("stale", "")}


def test_what_a_browser_of_a_stack_was_built_for(capsys: pytest.CaptureFixture[str]) -> None:
    """It is listed after the bundled images."""
    tag = "synthlab/chrome:chromium-150.0.7871.100-1-deb12u1"

    class Full(FakeEngine):
        def own_tags(self) -> list[str]:
            return [tag]

    assert run("images", "ls", backend=Backend(Full())) == 0
    assert capsys.readouterr().out.splitlines()[-1].split() == [tag, "-", "-", "other"]


def test_images_rm(capsys: pytest.CaptureFixture[str]) -> None:
    """All are removed and listed."""
    assert run("images", "rm", backend=Backend(FakeEngine())) == 0
    assert capsys.readouterr().out == "syntheticnet:latest removed\n"
