"""The stats that the application publishes, such as those of WebRTC, and how old they are."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from typing import Any

from ..conditions.errors import printable

MOST_DEPTH = 5
MOST_LEAVES = 5000
FRESH_S = 3.0

_SURROGATE = re.compile("[\ud800-\udfff]")  # alone they cannot be written as JSON


class InvalidStats(ValueError):
    """What was published is not a tree of values; reads as one line."""


class AppStats:
    """A tree of values; each top-level key is replaced as a whole, and has an age of its own.

    The age counts from when the stats were measured, as far as whoever publishes them says so.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._values: dict[str, Any] = {}
        self._times: dict[str, float] = {}

    def publish(self, values: object, age_s: float = 0.0) -> None:
        """Replace these top-level keys, measured `age_s` ago; raises InvalidStats and changes nothing."""
        if not isinstance(values, Mapping):
            raise InvalidStats("the body is not an object such as {video: {client2: {fps: 15}}}")
        requested = {**self._values, **values}
        if _check(requested, "", MOST_DEPTH) > MOST_LEAVES:
            raise InvalidStats(f"more than {MOST_LEAVES} numbers")
        self._values = requested
        self._times |= dict.fromkeys(values, self._clock() - age_s)

    def problem(self) -> str | None:
        """What is wrong with the application by its own account (`page.problem`); None where nothing is."""
        page = self._values.get("page")
        problem = page.get("problem") if isinstance(page, Mapping) else None
        fresh = self._clock() - self._times.get("page", 0) <= FRESH_S
        return str(problem) if problem and fresh else None

    def report(self) -> dict[str, Any]:
        """All values, and the age in seconds of each top-level key."""
        now = self._clock()
        return {
            "values": self._values,
            "age_s": {key: round(now - published, 3) for key, published in self._times.items()},
        }


def _check(values: object, where: str, depth: int) -> int:
    """How many leaves there are; raises InvalidStats for anything that is no number, word, truth value or object."""
    if isinstance(values, Mapping):
        if depth == 0:
            raise InvalidStats(f"{where}: deeper than {MOST_DEPTH} levels")
        # An object counts too, or empty ones could fill memory.
        return max(1, sum(_check(value, _named(where, key), depth - 1) for key, value in values.items()))
    finite = isinstance(values, int | float) and abs(values) < 1e300
    word = isinstance(values, str) and not _SURROGATE.search(values)
    if not (finite or word):
        raise InvalidStats(f"{where}: {values!r} is not a number, a word or an object of them")
    return 1


def _named(where: str, key: str) -> str:
    """Where the value of `key` stands."""
    place = f"{where}.{key}".lstrip(".")
    if not key.isprintable():
        raise InvalidStats(f"{printable(place)}: has characters that are not printable")
    return place
