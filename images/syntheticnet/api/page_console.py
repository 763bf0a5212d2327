"""What the pages of a browser wrote to their console: the newest of it, for they may write without end."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from typing import Any

MOST_ENTRIES = 500
CHATTER = ("log", "info", "debug")
MOST_TEXT = 2000
_WORDS = {"kind": 40, "text": MOST_TEXT, "where": MOST_TEXT}


class BadEntries(ValueError):
    """What was published is no entry of a console; reads as one line."""


class PageConsole:
    """The last entries, and beside them the last ones of mere chatter, which displaces no error: 4 MB at the most.

    Each has a number, so that a reader can ask for what came after it.
    """

    def __init__(self) -> None:
        self._grave: deque[dict[str, Any]] = deque(maxlen=MOST_ENTRIES)
        self._chatter: deque[dict[str, Any]] = deque(maxlen=MOST_ENTRIES)
        self._count = 0

    def publish(self, posted: object) -> None:
        """Take `{entries: [{time_s, kind, text, where}], lost: 0}`; raises BadEntries, and then changes nothing.

        `lost` are those before them that were too many.
        """
        if not isinstance(posted, Mapping) or not isinstance(posted.get("entries"), list):
            raise BadEntries("the body is not an object such as {entries: [{time_s, kind, text, where}]}")
        entries = [_checked(entry, f"entries[{index}]") for index, entry in enumerate(posted["entries"])]
        lost = posted.get("lost", 0)
        if not _is_number(lost):
            raise BadEntries(f"lost: {lost!r} is not a number")
        self._count += int(lost)
        for entry in entries:
            self._count += 1
            kept = self._chatter if entry["kind"] in CHATTER else self._grave
            kept.append({"number": self._count, **entry})

    def report(self, after: int = 0) -> dict[str, Any]:
        """The entries behind the one of this number; numbers that are missing were too many to be kept."""
        new = [entry for entry in (*self._grave, *self._chatter) if entry["number"] > after]
        return {"entries": sorted(new, key=lambda entry: entry["number"]), "count": self._count}


def _checked(entry: object, where: str) -> dict[str, Any]:
    if not isinstance(entry, Mapping) or not _is_number(entry.get("time_s")):
        raise BadEntries(f"{where}: is not an object with time_s, kind, text and where")
    for word in _WORDS:
        if not isinstance(entry.get(word), str):
            raise BadEntries(f"{where}.{word}: {entry.get(word)!r} is not a text")
    texts = {word: entry[word].encode(errors="replace").decode()[:most] for word, most in _WORDS.items()}
    return {"time_s": float(entry["time_s"]), **texts}


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 1e12
