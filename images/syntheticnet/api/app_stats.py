"""Stats that the application publishes, such as WebRTC stats, and their age."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from typing import Any

from ..conditions.errors import printable

MOST_DEPTH = 5
MOST_LEAVES = 5000
FRESH_S = 3.0

_SURROGATE = re.compile("[\ud800-\udfff]")  # JSON in UTF-8 cannot hold a lone surrogate


class InvalidStats(ValueError):
    """Published stats are not a tree of values; the message is one line."""


class AppStats:
    """A tree of values; publishing replaces whole top-level keys, and each key has its own age.

    The age counts from the measurement if the publisher reports when that was, otherwise from publication.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._values: dict[str, Any] = {}
        self._times: dict[str, float] = {}

    def publish(self, values: object, age_s: float = 0.0) -> None:
        """Replace these top-level keys, measured `age_s` ago. On InvalidStats nothing changes."""
        if not isinstance(values, Mapping):
            raise InvalidStats("the body is not an object; expected one such as {video: {client2: {fps: 15}}}")
        requested = {**self._values, **values}
        if _check(requested, "", MOST_DEPTH) > MOST_LEAVES:
            raise InvalidStats(f"too many values: at most {MOST_LEAVES} are allowed")
        self._values = requested
        self._times |= dict.fromkeys(values, self._clock() - age_s)

    def problem(self) -> str | None:
        """The problem that the application itself reports (`page.problem`), if that is fresh; else None."""
        page = self._values.get("page")
        problem = page.get("problem") if isinstance(page, Mapping) else None
        fresh = self._clock() - self._times.get("page", 0) <= FRESH_S
        return str(problem) if problem and fresh else None

    def codec(self, payload_type: int | None) -> tuple[str | None, str | None]:
        """The kind (audio or video) and codec of an RTP payload type, from `codecs`, such as {"96": "video/VP8"}.

        Of any age: an application may publish them once.
        """
        codecs = self._values.get("codecs")
        published = codecs.get(str(payload_type)) if isinstance(codecs, Mapping) else None
        kind, _, codec = published.partition("/") if isinstance(published, str) else ("", "", "")
        return (kind, codec) if kind in ("audio", "video") and codec else (None, None)

    def report(self) -> dict[str, Any]:
        """All values, and the age in seconds of each top-level key."""
        now = self._clock()
        return {
            "values": self._values,
            "age_s": {key: round(now - published, 3) for key, published in self._times.items()},
        }


def _check(values: object, where: str, depth: int) -> int:
    """The number of leaves; raises InvalidStats unless all are finite numbers, strings or booleans."""
    if isinstance(values, Mapping):
        if depth == 0:
            raise InvalidStats(f"{where}: nested too deeply: at most {MOST_DEPTH} levels are allowed")
        # An empty object counts as a leaf; otherwise empty objects could fill memory.
        return max(1, sum(_check(value, _named(where, key), depth - 1) for key, value in values.items()))
    finite = isinstance(values, int | float) and abs(values) < 1e300
    encodable = isinstance(values, str) and not _SURROGATE.search(values)
    if not (finite or encodable):
        raise InvalidStats(f"{where}: {values!r} is not a finite number, UTF-8 text, a boolean or an object")
    return 1


def _named(where: str, key: str) -> str:
    """The path of `key` under `where`."""
    place = f"{where}.{key}".lstrip(".")
    if not key.isprintable():
        raise InvalidStats(f"{printable(place)}: has characters that are not printable")
    return place
