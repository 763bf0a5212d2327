"""Printed output."""

from __future__ import annotations

import pytest

from synthlab.cli import console
from synthlab.cli.console import Bad, Table
from synthlab.errors import SynthlabError


def test_error_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    """An error stays one line however long it is, keeps its brackets, and has its details under it."""
    console.print_error(SynthlabError("x" * 300 + " [red]", ["detail [1]"]))
    assert capsys.readouterr().err == f"synthlab: {'x' * 300} [red]\n  detail [1]\n"


def test_piped_table_is_plain(capsys: pytest.CaptureFixture[str]) -> None:
    """A piped table has one line per row, without colours, frames or wrapping."""
    console.print_table(Table(("a", "b"), [("x" * 200, "[1]"), ("y", "z")]))
    lines = capsys.readouterr().out.splitlines()
    assert [line.split() for line in lines] == [["a", "b"], ["x" * 200, "[1]"], ["y", "z"]]


def test_piped_progress(capsys: pytest.CaptureFixture[str]) -> None:
    """Progress goes to stderr, one line per change."""
    with console.progress() as progress:
        for text in ("one", "one", "two"):
            progress(text)
    assert capsys.readouterr() == ("", "one\ntwo\n")


@pytest.mark.parametrize(("no_color", "coloured"), [(None, True), ("1", False)])
def test_no_color(
    no_color: str | None, coloured: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Errors are red on a terminal, unless NO_COLOR is set."""
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    if no_color:
        monkeypatch.setenv("NO_COLOR", no_color)
    console.print_error(SynthlabError("bad"))
    assert ("\x1b[31m" in capsys.readouterr().err) is coloured


@pytest.mark.issue(10)
@pytest.mark.parametrize(
    ("terminal", "no_color", "coloured"), [(True, "", True), (True, "1", False), (False, "", False)]
)
def test_what_is_bad(
    terminal: bool, no_color: str, coloured: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A cell or line that reports a problem is red, but only on a terminal, and not with NO_COLOR."""
    for name, value in (("FORCE_COLOR", "1" if terminal else ""), ("NO_COLOR", no_color), ("TERM", "xterm")):
        monkeypatch.setenv(name, value) if value else monkeypatch.delenv(name, raising=False)
    console.print_table(Table(("state",), [("healthy",), (Bad("exited"),)]))
    console.print_bad("too slow")
    assert capsys.readouterr().out.count("\x1b[31m") == 2 * coloured
