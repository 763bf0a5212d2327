"""The usage lines."""

from __future__ import annotations

import pytest

from synthlab.commands.usage import with_dashes
from synthlab.fakes import fake_world

from .command import run


@pytest.mark.parametrize(
    ("command", "arguments"),
    [
        ("set", "CLIENT..."),
        ("stats", "[CLIENT]..."),
        ("open", "CLIENT"),
        ("exec", "CLIENT COMMAND..."),
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


@pytest.mark.issue(10)
@pytest.mark.parametrize("group", ["", "scenario", "profile", "images", "completion"])
def test_no_summary_is_cut_off(group: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """On a terminal of 80 columns the list of commands says each one's purpose whole, in at most 55 characters."""
    monkeypatch.setenv("COLUMNS", "80")
    world, _ = fake_world()
    assert run(*group.split(), "--help", world=world) == 0
    lines = capsys.readouterr().out.partition("Commands:\n")[2].splitlines()
    summaries = [line.split(maxsplit=1)[1] for line in lines]
    assert len(summaries) >= 2
    assert [summary for summary in summaries if summary.endswith("...") or len(summary) > 55] == []


@pytest.mark.issue(10)
@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("exec d python3 -V", "exec d -- python3 -V"),
        ("exec d -- python3 -V", "exec d -- python3 -V"),
        ("exec --lab call d app --debug --lab x -- y", "exec --lab call d -- app --debug --lab x -- y"),
        ("--debug exec d --lab=call ls -l", "--debug exec d --lab=call -- ls -l"),
        ("exec d --help", "exec d --help"),
        ("set d --loss 5%", "set d --loss 5%"),
        ("logs exec one two", "logs exec one two"),
    ],
)
def test_where_a_command_begins(written: str, meant: str) -> None:
    """`exec` needs no `--`: what follows the client is a command, with all that belongs to it."""
    assert with_dashes(written.split()) == meant.split()
