"""Console entries and exceptions: counted, and stored within limits."""

from __future__ import annotations

from typing import Any

import pytest

from chrome.console import MOST_KEPT, MOST_TEXT, BrowserConsole
from chrome.devtools import DevToolsEvent

pytestmark = pytest.mark.issue(10)

AT = 1_700_000_000_000.0  # ms of the epoch


def called(kind: str, *args: dict[str, Any], at: float = AT, session: str = "tab") -> DevToolsEvent:
    place = {"url": "https://app.example/main.js", "lineNumber": 44, "columnNumber": 10}
    params = {"type": kind, "args": args, "timestamp": at, "stackTrace": {"callFrames": [place]}}
    return DevToolsEvent(session, "Runtime.consoleAPICalled", params)


def text(value: str) -> dict[str, Any]:
    return {"type": "string", "value": value}


def test_what_is_counted() -> None:
    """Console errors, warnings, uncaught exceptions and browser failures are counted separately."""
    console = BrowserConsole()
    for kind in ("log", "error", "assert", "warning", "error", "clear"):
        console.hear(called(kind, text(kind)))
    error = {"type": "object", "subtype": "error", "description": "Error: oops\n    at main.js:1:2"}
    details = {"text": "Uncaught", "exception": error, "url": "https://app.example/a.js", "lineNumber": 0}
    console.hear(DevToolsEvent("tab", "Runtime.exceptionThrown", {"timestamp": AT, "exceptionDetails": details}))
    for level in ("error", "info"):
        entry = {"level": level, "text": "404", "url": "https://app.example/x", "timestamp": AT}
        console.hear(DevToolsEvent("tab", "Log.entryAdded", {"entry": entry}))
    assert console.counts == {"errors": 3, "warnings": 1, "exceptions": 1, "failures": 1}
    entries, lost = console.taken()
    assert [entry["kind"] for entry in entries].count("clear") == lost == 0
    by_kind = {entry["kind"]: (entry["text"], entry["where"]) for entry in entries}
    assert by_kind["exception"] == ("Uncaught Error: oops\n    at main.js:1:2", "https://app.example/a.js:1")
    assert by_kind["failure"] == ("404", "https://app.example/x")
    assert by_kind["log"] == ("log", "https://app.example/main.js:45:11")


def test_values_are_written_in_short() -> None:
    """As the console shows them: primitives as text, objects and lists by their first members, errors by message."""
    members = [{"name": "a", "type": "number", "value": "1"}, {"name": "f", "type": "function"}]
    args = [
        text("joined"),
        {"type": "number", "value": 1.5},
        {"type": "boolean", "value": True},
        {"type": "undefined"},
        {"type": "object", "subtype": "null", "value": None},
        {"type": "number", "unserializableValue": "NaN"},
        {"type": "object", "preview": {"properties": members, "overflow": True}},
        {"type": "object", "preview": {"subtype": "array", "properties": members[:1], "overflow": False}},
        {"type": "object", "preview": {"subtype": "error", "description": "TypeError: t", "properties": []}},
    ]
    console = BrowserConsole()
    console.hear(called("log", *args))
    ((entry,), _) = console.taken()
    assert entry["text"] == "joined 1.5 true undefined null NaN {a: 1, f: function, …} [1] TypeError: t"
    assert entry["time_s"] == AT / 1000


def test_chatter_is_bounded_and_displaces_no_error() -> None:
    """However much a page logs, an earlier error is kept and every entry is counted."""
    console = BrowserConsole()
    console.hear(called("error", text("the cause")))
    for number in range(5 * MOST_KEPT):
        console.hear(called("log", text("x" * 10_000), at=AT + number))
    entries, lost = console.taken()
    assert entries[0]["text"] == "the cause"
    assert (len(entries), lost) == (MOST_KEPT + 1, 4 * MOST_KEPT)
    assert max(len(entry["text"]) for entry in entries) == MOST_TEXT
    assert console.taken() == ([], 0)


def test_counts_outlive_pages() -> None:
    """Totals survive closed and reloaded pages: they only grow."""
    console = BrowserConsole()
    console.hear(called("error", text("a")))
    console.hear(DevToolsEvent("tab", "Runtime.executionContextsCleared", {}))
    console.hear(DevToolsEvent(None, "Target.detachedFromTarget", {"sessionId": "tab"}))
    console.hear(called("error", text("b"), session="tab2"))
    assert console.counts["errors"] == 2
