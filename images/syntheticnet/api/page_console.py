"""The latest console entries of the browser's pages; bounded, because pages may log without end."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from typing import Any

MOST_ENTRIES = 500
CHATTER = ("log", "info", "debug")
MOST_TEXT = 2000
_WORDS = {"kind": 40, "text": MOST_TEXT, "where": MOST_TEXT}


class BadEntries(ValueError):
    """A published entry is not a console entry; the message is one line."""


class PageConsole:
    """The latest errors and warnings and, kept apart, the latest chatter: at most 4 MB.

    Chatter therefore never pushes out an error. Entries are numbered, so a reader can ask for those after the last one
    it has seen.
    """

    def __init__(self) -> None:
        self._grave: deque[dict[str, Any]] = deque(maxlen=MOST_ENTRIES)
        self._chatter: deque[dict[str, Any]] = deque(maxlen=MOST_ENTRIES)
        self._count = 0

    def publish(self, posted: object) -> None:
        """Add `{entries: [{time_s, kind, text, where}], lost: 0}`. On BadEntries nothing changes.

        `lost` is how many earlier entries the sender dropped because they were too many.
        """
        if not isinstance(posted, Mapping) or not isinstance(posted.get("entries"), list):
            raise BadEntries("the body is not an object; expected one such as {entries: [{time_s, kind, text, where}]}")
        entries = [_checked(entry, f"entries[{index}]") for index, entry in enumerate(posted["entries"])]
        lost = posted.get("lost", 0)
        if not _is_number(lost):
            raise BadEntries(f"lost: {lost!r} is not a number from 0 to 10^12")
        self._count += int(lost)
        for entry in entries:
            self._count += 1
            kept = self._chatter if entry["kind"] in CHATTER else self._grave
            kept.append({"number": self._count, **entry})

    def report(self, after: int = 0) -> dict[str, Any]:
        """The entries after this number; missing numbers are entries that were dropped."""
        new = [entry for entry in (*self._grave, *self._chatter) if entry["number"] > after]
        return {"entries": sorted(new, key=lambda entry: entry["number"]), "count": self._count}


def _checked(entry: object, where: str) -> dict[str, Any]:
    if not isinstance(entry, Mapping) or not _is_number(entry.get("time_s")):
        raise BadEntries(f"{where}: is not an object with time_s, kind, text and where")
    for word in _WORDS:
        if not isinstance(entry.get(word), str):
            raise BadEntries(f"{where}.{word}: {entry.get(word)!r} is not a string")
    texts = {word: entry[word].encode(errors="replace").decode()[:most] for word, most in _WORDS.items()}
    return {"time_s": float(entry["time_s"]), **texts}


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 1e12
