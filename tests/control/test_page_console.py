"""Console output of pages as log lines."""

from __future__ import annotations

from typing import Any

import pytest

from synthlab.control.page_console import console_lines, lines_of
from synthlab.engine.containers import LogQuery
from synthlab.testing import FakeClientApi

pytestmark = pytest.mark.issue(10)


def entry(number: int, text: str = "hello", kind: str = "log", time_s: float = 0.0, where: str = "") -> dict[str, Any]:
    return {"number": number, "time_s": time_s or float(number), "kind": kind, "text": text, "where": where}


def test_lines_of_an_entry() -> None:
    """Kind, text and place; the lines of a stack trace have the same time."""
    written = [entry(1, "Uncaught Error: oops\n    at f", "exception", 1.5, "https://app.example/a.js:1")]
    assert [(line.time, line.text) for line in lines_of("ada", written, 0)] == [
        ("1970-01-01T00:00:01.500000Z", "exception: Uncaught Error: oops (https://app.example/a.js:1)"),
        ("1970-01-01T00:00:01.500000Z", "    at f"),
    ]


def test_missing_entries_are_reported() -> None:
    """The client keeps only the newest entries; dropped ones are counted where they were."""
    values = [line.text for line in lines_of("ada", [entry(3), entry(7)], 0)]
    assert values == ["[2 older entries were dropped]", "log: hello", "[3 older entries were dropped]", "log: hello"]


def test_several_clients_by_time_tail_and_since() -> None:
    """Like logs: ordered by time, limited to the last of each client and to a start time."""
    ada, grace = FakeClientApi("ada"), FakeClientApi("grace")
    ada.written = [entry(1, "a", time_s=1), entry(2, "c\nthen", time_s=3)]
    grace.written = [entry(1, "b", time_s=2), entry(2, "d", time_s=4)]
    apis = {"ada": ada, "grace": grace}
    texts = [line.text for line in console_lines(apis, LogQuery())]
    assert texts == ["log: a", "log: b", "log: c", "then", "log: d"]
    assert [line.text for line in console_lines(apis, LogQuery(tail=1))] == ["then", "log: d"]
    assert [line.text for line in console_lines(apis, LogQuery(since=2.5))] == ["log: c", "then", "log: d"]


def test_follow_goes_on_behind_what_was_seen() -> None:
    """Later entries appear once."""
    ada = FakeClientApi("ada")
    ada.written = [entry(1, "a")]
    lines = console_lines({"ada": ada}, LogQuery(follow=True))
    assert next(lines).text == "log: a"
    ada.written.append(entry(2, "b"))
    assert next(lines).text == "log: b"
