"""What of the evidence the report shows itself: the latest lines of consoles and logs, and small pictures."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from ...scenario.record import Line

MOST_LINES = 300
"""Kept of one console or log."""
MOST_TEXT = 300
_BAD_CONSOLE = ("error", "exception", "assert", "failure")
_BAD_LOG = re.compile(r"\b(error|fatal|panic|traceback|exception|critical)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Written:
    """A line of a console or log; `time` is UTC in RFC 3339 format."""

    time: str
    writer: str
    kind: str
    text: str

    @property
    def bad(self) -> bool:
        if self.kind == "console":
            return self.text.partition(":")[0] in _BAD_CONSOLE
        return _BAD_LOG.search(self.text) is not None


@dataclass(frozen=True, slots=True)
class ForReport:
    """What was found when evidence was collected, at `at`. `thumbnails` are JPEGs in base64, by what they show."""

    at: datetime
    thumbnails: dict[str, str] = field(default_factory=dict)
    lines: Sequence[Written] = ()

    def since(self, started: datetime) -> dict[str, Any]:
        """As fields of a record of a run that began at `started`. Lines from before it are left out."""
        return {
            "collected_s": round((self.at - started).total_seconds(), 3),
            "thumbnails": self.thumbnails,
            "lines": tuple(_lines(self.lines, started)),
        }


def now() -> datetime:
    return datetime.now(UTC)


def _lines(lines: Sequence[Written], started: datetime) -> Iterator[Line]:
    for one in lines:
        at_s = (_moment(one.time) - started).total_seconds()
        if at_s >= 0:
            text = one.text[:MOST_TEXT]
            yield Line(at_s=round(at_s, 3), writer=one.writer, kind=one.kind, text=text, bad=one.bad)


def _moment(time: str) -> datetime:
    """Python reads microseconds at most; engines write nanoseconds."""
    whole, _, fraction = time.rstrip("Z").partition(".")
    return datetime.fromisoformat(f"{whole}.{fraction[:6]:0<6}+00:00")
