"""Console: the latest console entries of pages, in bounded memory."""

from __future__ import annotations

from typing import Any

import pytest

from syntheticnet.api.page_console import MOST_ENTRIES, MOST_TEXT, BadEntries, PageConsole

from ..builders import exactly
from ..site import Site

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


def test_over_http(site: Site) -> None:
    """The application posts, the host reads new entries; an invalid entry number is refused."""
    answer = site.ask("POST", "/v1/console", peer="127.0.0.1", json={"entries": [entry("a"), entry("b")]})
    assert answer.status_code == 200
    result = site.ask("GET", "/v1/console?after=1").json()
    assert (result["count"], [one["text"] for one in result["entries"]]) == (2, ["b"])
    assert site.ask("GET", "/v1/console?after=-1").status_code == 422
    assert site.ask("POST", "/v1/console", json={}).status_code == 422


def test_a_problem_of_the_application_is_in_the_state(site: Site) -> None:
    """The state contains the page's problem while the client reports one."""
    assert site.ask("GET", "/v1/state").json()["problem"] is None
    site.ask("POST", "/v1/stats", json={"page": {"problem": "http://sfu/: net::ERR_CONNECTION_REFUSED"}})
    assert site.ask("GET", "/v1/state").json()["problem"] == "http://sfu/: net::ERR_CONNECTION_REFUSED"
    site.ask("POST", "/v1/stats", json={"page": {"problem": ""}})
    assert site.ask("GET", "/v1/state").json()["problem"] is None
