"""The examples in the help."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from typing import Any

import pytest
import typer

from synthlab.cli.main import make_app

EXAMPLE = re.compile(r"""^  synthlab ((?:"[^"\n]*"|'[^'\n]*'|[^"'\n])+?)(?: [>|] .*)?$""", re.MULTILINE)


def commands(group: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from commands(command, (*path, name))
        elif not command.hidden:
            yield (*path, name), command


ALL = dict(commands(typer.main.get_command(make_app())))


@pytest.mark.parametrize("path", ALL, ids=" ".join)
def test_every_command_shows_how_it_is_used(path: tuple[str, ...]) -> None:
    """Each command's help has examples, which are valid and use that command."""
    command = ALL[path]
    examples = EXAMPLE.findall(command.help or "")
    assert examples
    for example in examples:
        words = shlex.split(example)
        assert tuple(words[: len(path)]) == path
        command.make_context(path[-1], words[len(path) :])


def test_what_exec_runs_is_in_every_image() -> None:
    """The examples of `exec` use programs of every Debian image."""
    examples = EXAMPLE.findall(ALL[("exec",)].help)
    words = [shlex.split(example) for example in examples]
    assert {each[each.index("--") + 1] if "--" in each else each[2] for each in words} <= {"sh", "getent", "ls"}
