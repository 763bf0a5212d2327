"""`images`, run in this process without Docker."""

from __future__ import annotations

import pytest

from synthlab.fakes import FakeEngine
from synthlab.world import World

from .command import output_json, run


def test_images_ls(capsys: pytest.CaptureFixture[str]) -> None:
    """Images are listed with version, size and state."""
    assert run("images", "ls", "--json", world=World(FakeEngine())) == 0
    assert {(one["state"], one["version"]) for one in output_json(capsys)} == {("stale", "")}
    assert run("images", "rm", world=World(FakeEngine())) == 0
    assert capsys.readouterr().out == "syntheticnet:latest removed\n"
