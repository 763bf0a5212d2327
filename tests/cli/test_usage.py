"""The usage lines."""

from __future__ import annotations

import pytest

from synthlab.cli.usage import with_dashes
from synthlab.testing import fake_backend

from .commands.command import run


@pytest.mark.parametrize(
    ("command", "arguments"),
    [
        ("set", "NAME..."),
        ("stats", "[NAME]..."),
        ("open", "CLIENT"),
        ("exec", "CLIENT COMMAND..."),
        ("scenario run", "NAME..."),
        ("images build", "[IMAGE]..."),
        ("completion install", "[SHELL]"),
    ],
)
def test_arguments(command: str, arguments: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Optional arguments are in brackets, repeatable ones have dots, also in commands of a group."""
    backend, _ = fake_backend()
    assert run(*command.split(), "--help", backend=backend) == 0
    assert capsys.readouterr().out.splitlines()[0] == f"Usage: synthlab {command} [OPTIONS] {arguments}"


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
    """`exec` needs no `--`: everything after the client is the command."""
    assert with_dashes(written.split()) == meant.split()


@pytest.mark.issue(10)
@pytest.mark.parametrize(
    ("written", "sent"),
    [
        (["--mtu-answer", "false"], False),
        (["--mtu-answer", "NO"], False),
        (["--mtu-answer=off"], False),
        (["--no-mtu-answer"], False),
        (["--mtu-answer"], True),
        (["--mtu-answer", "true"], True),
        (["--mtu-answer=yes"], True),
    ],
)
@pytest.mark.parametrize("behind", [True, False])
def test_a_switch_with_a_word(written: list[str], sent: bool, behind: bool, capsys: pytest.CaptureFixture[str]) -> None:
    """A switch is set by its two names, or by a word as in files; the word is not taken for a client."""
    backend, _ = fake_backend("call")
    words = ["client2", "--mtu", "1400b", *written] if behind else [*written, "--mtu", "1400b", "client2"]
    assert run("set", *words, backend=backend) == 0
    assert f"mtu_answer {str(sent).lower()}" in capsys.readouterr().out


@pytest.mark.issue(10)
@pytest.mark.parametrize(
    ("option", "meant"),
    [("--limit", "--queue"), ("--delay", "--latency"), ("--lost", "--loss"), ("--bandwidth", "--rate")],
)
def test_options_of_other_tools(option: str, meant: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Other tools' names for a condition suggest our flag."""
    backend, _ = fake_backend("call")
    assert run("set", "client2", option, "5", backend=backend) == 2
    assert f"No such option: {option}; did you mean {meant}? (see" in capsys.readouterr().err
