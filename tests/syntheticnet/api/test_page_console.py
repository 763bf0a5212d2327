"""Console: the latest console entries of pages, in bounded memory."""

from __future__ import annotations

from typing import Any

import pytest

from syntheticnet.api.page_console import MOST_ENTRIES, MOST_TEXT, BadEntries, PageConsole

from ..builders import exactly

pytestmark = pytest.mark.issue(10)


BAD = "entries[0]: is not an object with time_s, kind, text and where"


def entry(text: str = "hello", kind: str = "log") -> dict[str, Any]:
    return {"time_s": 1.0, "kind": kind, "text": text, "where": ""}


def texts(console: PageConsole, after: int = 0) -> list[str]:
    return [one["text"] for one in console.report(after)["entries"]]


def test_the_newest_are_kept() -> None:
    """Chatter never pushes out errors, nor errors chatter; entry numbers show how many are missing."""
    console = PageConsole()
    console.publish({"entries": [entry("the cause", "error")]})
    for _ in range(3):
        console.publish({"entries": [entry(str(number)) for number in range(MOST_ENTRIES)], "lost": 7})
    result = console.report()
    assert result["count"] == 1 + 3 * (MOST_ENTRIES + 7)
    assert [one["number"] for one in result["entries"]][:2] == [1, result["count"] - MOST_ENTRIES + 1]
    assert len(result["entries"]) == MOST_ENTRIES + 1
    assert texts(console, result["count"] - 1) == [str(MOST_ENTRIES - 1)]


def test_texts_are_bounded() -> None:
    """Texts are cut to the maximum length, and characters that UTF-8 cannot encode are replaced."""
    console = PageConsole()
    console.publish({"entries": [entry("x" * 10_000), entry("a\ud800b")]})
    assert [len(text) for text in texts(console)] == [MOST_TEXT, 3]
    assert texts(console)[1] == "a?b"


@pytest.mark.parametrize(
    ("posted", "line"),
    [
        ([], "the body is not an object; expected one such as {entries: [{time_s, kind, text, where}]}"),
        ({"entries": [7]}, BAD),
        ({"entries": [entry() | {"text": 7}]}, "entries[0].text: 7 is not a string"),
        ({"entries": [], "lost": "x"}, "lost: 'x' is not a number from 0 to 10^12"),
        ({"entries": [entry() | {"time_s": float("inf")}]}, BAD),
    ],
)
def test_bad_entries_change_nothing(posted: Any, line: str) -> None:
    """An invalid entry is refused with a one-line error."""
    console = PageConsole()
    with pytest.raises(BadEntries, match=exactly(line)):
        console.publish(posted)
    assert console.report() == {"entries": [], "count": 0}
