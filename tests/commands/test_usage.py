"""The usage lines."""

from __future__ import annotations

import pytest

from synthlab.fakes import fake_world

from .command import run


@pytest.mark.parametrize(
    ("command", "arguments"),
    [
        ("set", "CLIENT..."),
        ("stats", "[CLIENT]..."),
        ("open", "CLIENT"),
        ("exec", "CLIENT -- COMMAND..."),
        ("scenario run", "NAME..."),
        ("images build", "[IMAGE]..."),
        ("completion install", "[SHELL]"),
    ],
)
def test_arguments(command: str, arguments: str, capsys: pytest.CaptureFixture[str]) -> None:
    """What may be left out stands in brackets, and dots follow what may be several, also in commands of a group."""
    world, _ = fake_world()
    assert run(*command.split(), "--help", world=world) == 0
    assert capsys.readouterr().out.splitlines()[0] == f"Usage: synthlab {command} [OPTIONS] {arguments}"
