"""Help fits a terminal of 80 columns, for the command itself, every group and every command."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import typer

from synthlab.cli.command_tree import TREE
from synthlab.cli.main import make_app
from synthlab.cli.usage import summary
from synthlab.testing import fake_backend

from .commands.command import run

COLUMNS, MOST_SUMMARY = 80, 55


def every(command: Any, *path: str) -> Iterator[tuple[str, ...]]:
    """The words of each command and group below a command."""
    yield path
    for name, below in getattr(command, "commands", {}).items():
        yield from every(below, *path, name)


ROOT = typer.main.get_command(make_app())
PATHS = list(every(ROOT))


def found(path: tuple[str, ...]) -> Any:
    command: Any = ROOT
    for name in path:
        command = command.commands[name]
    return command


def help_of(path: tuple[str, ...]) -> str:
    return f"{' '.join(('synthlab', *path))} --help"


@pytest.fixture(autouse=True)
def narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", str(COLUMNS))


@pytest.mark.parametrize("path", PATHS, ids=help_of)
def test_help_fits(path: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    """No line of help is wider than 80 columns."""
    assert run(*path, "--help", backend=fake_backend()[0]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith(f"Usage: {' '.join(('synthlab', *path))} ")
    assert [line for line in lines if len(line) > COLUMNS] == []


@pytest.mark.issue(10)
@pytest.mark.parametrize("path", PATHS[1:], ids=help_of)
def test_summaries_are_not_cut(path: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    """Each command's summary is one short sentence, and its group's help shows all of it on one line."""
    text = summary(found(path))
    assert 10 < len(text) <= MOST_SUMMARY
    assert text.endswith(".")
    assert run(*path[:-1], "--help", backend=fake_backend()[0]) == 0
    rows = [line.strip().split(maxsplit=1) for line in capsys.readouterr().out.splitlines()]
    assert [path[-1], text] in rows


def test_headings(capsys: pytest.CaptureFixture[str]) -> None:
    """`synthlab --help` lists every command once, under its heading."""
    run("--help", backend=fake_backend()[0])
    sections = capsys.readouterr().out.split("\n\n")[-len(TREE) :]
    listed = {head: [row.split()[0] for row in rows] for head, *rows in (one.splitlines() for one in sections)}
    assert listed == {f"{heading}:": list(commands) for heading, commands in TREE.items()}


@pytest.mark.parametrize("path", [path for path in PATHS if not hasattr(found(path), "commands")], ids=help_of)
def test_everything_is_explained(path: tuple[str, ...]) -> None:
    """Every command has an example, and every argument and option a sentence."""
    command = found(path)
    assert f"\n  {' '.join(('synthlab', *path))}" in str(command.help).replace("\n    ", "\n  ")
    unexplained = [one.name for one in command.params if not str(getattr(one, "help", "") or "").endswith(".")]
    assert unexplained == []
