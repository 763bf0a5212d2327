"""Untrusted text on every path to a terminal or report: no control character gets through."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synthlab.cli import console
from synthlab.cli.console import Table
from synthlab.engine.containers import Container, LogQuery
from synthlab.errors import SynthlabError, WrongUse
from synthlab.report import read_results, report_page, results_text
from synthlab.report.junit import junit_text
from synthlab.testing import FakeEngine, fake_backend
from synthlab.text.escaping import MOST_CELL, MOST_LINE, json_text, shown, shown_lines, shown_log

from ..cli.commands.command import run
from ..report import records

pytestmark = pytest.mark.issue(10)

# One of each kind: C0 with ESC and newlines, DEL, C1 (a one-character CSI), bidi marks, zero width, a lone
# surrogate, a line separator, markup of rich and HTML.
HOSTILE = (
    "\x00\x07\x08\r\n\x1b]0;owned\x07\x1b[2J\x7f\x9b31m\u202e\u2066\u200b\u200d\ufeff\ud800\u2028\ufffe"
    "[red]x[/red]<img src=x onerror=alert(1)>"
)


def harmless(text: str, breaks: str = "\n") -> bool:
    """Whether the text has no control characters other than the allowed line breaks."""
    return all(char.isprintable() or char in breaks for char in text)


def progress(text: str) -> None:
    with console.progress() as progress:
        progress(text)


def live(text: str) -> None:
    with console.live() as lines:
        lines.line(text)
        lines.progress(text)


WAYS: dict[str, Callable[[str], None]] = {
    "line": console.print_line,
    "note": console.print_note,
    "lines": console.print_lines,
    "json": console.print_json,
    "json line": lambda text: console.print_json_line({text: [text]}),
    "table": lambda text: console.print_table(Table((text, "b"), [(text, "c")], title=text)),
    "error": lambda text: console.print_error(WrongUse(text, [text])),
    "progress": progress,
    "live": live,
}


@pytest.mark.parametrize("way", WAYS)
def test_what_is_printed(way: str, capsys: pytest.CaptureFixture[str]) -> None:
    """On every path to the terminal control characters are escaped and markup is literal."""
    WAYS[way](HOSTILE)
    printed = "".join(capsys.readouterr())
    assert harmless(printed)
    assert "[red]x[/red]" in printed
    assert "u202e" in printed


@settings(deadline=None, derandomize=True, max_examples=50)
@given(st.text(st.characters(), max_size=40))
def test_any_text(text: str) -> None:
    """Any text is harmless once shown, and harmless text is unchanged."""
    assert harmless(shown(text), breaks="")
    assert harmless(shown_log(text), breaks="\t")
    assert harmless(shown_lines(text))
    assert harmless(json_text(text))
    assert json.loads(json_text(text)) == text
    assert shown(text) == text or not text.isprintable()


def test_long_texts(capsys: pytest.CaptureFixture[str]) -> None:
    """Endless text is cut, on a line, in a table and in an error."""
    console.print_line("x" * 10**6)
    console.print_table(Table(("a",), [("x" * 10**6,)]))
    console.print_error(SynthlabError("x" * 10**6))
    line, _, cell = capsys.readouterr().out.splitlines()
    assert (len(line), line[-1]) == (MOST_LINE, "…")
    assert len(cell) <= MOST_CELL


def test_an_error_in_python() -> None:
    """An error printed by pytest or a caller is harmless too."""
    error = SynthlabError(HOSTILE, [HOSTILE])
    assert harmless(str(error), breaks="")
    assert all(harmless(line, breaks="") for line in error.details)


class Hostile(FakeEngine):
    """An engine whose containers log control characters."""

    def read_log(self, container: Container, query: LogQuery) -> Iterator[tuple[str, str]]:
        yield "1", "\x1b[31mred\x1b[0m\tand\x1b[2J\u202egone\r"


def test_logs_on_a_terminal(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """`logs` on a terminal keeps tabs, removes colours and escapes the rest; a file gets the original."""
    backend, _ = fake_backend("call")
    hostile = replace(backend, engine=Hostile(list(backend.engine.containers())))
    assert run("logs", "client1", backend=hostile) == 0
    assert capsys.readouterr().out == "\x1b[31mred\x1b[0m\tand\x1b[2J\u202egone\r\n"
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    assert run("logs", "client1", backend=hostile) == 0
    assert capsys.readouterr().out == "red\tand\\x1b[2J\\u202egone\n"


def test_reports() -> None:
    """Untrusted numbers, texts and reasons in a report, JUnit file and results are escaped and read back."""
    record = records.failed()
    judged = replace(record.judged[0], reason=HOSTILE, text=HOSTILE, seen={HOSTILE: HOSTILE})
    step = replace(record.steps[0], error=HOSTILE, text=HOSTILE, mark=HOSTILE)
    hostile = replace(record, judged=(judged,), steps=(step,), reasons=(HOSTILE,), facts={"engine": HOSTILE})
    results = results_text([hostile])
    page = report_page([hostile]).replace(report_page([]).rpartition("<script>")[2], "")
    assert harmless(results)
    assert harmless(junit_text([hostile]))
    assert read_results(results, "results.json") == (hostile,)
    assert "\\x1b]0;owned" in page
    assert "<img src=x" not in page
    assert "\u202e" not in page
    page.encode()
