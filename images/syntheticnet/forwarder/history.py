"""The changes of a client's conditions that came into force: when, what and by whom. Pure, as the schedule."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

MOST_RECORDS = 64
MOST_CHANGE_BYTES = 2000
"""Longer changes are left out of their records."""

API, STARTUP = "api", "startup"
"""Who made a change that does not say so, and who set the conditions that the client started with."""

Kind = Literal["change", "replace", "lease", "expired", "released", "failed", "roam"]


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryRecord:
    """What happened to the entry `id` of the schedule; 0 is the startup. `lasts_ns` is the length of a lease.

    `to` is where the client roamed: one of its uplinks, or `new-address`.
    """

    at_ns: int
    by: str
    kind: Kind
    id: int
    change: Mapping[str, Any] | None = None
    lasts_ns: int | None = None
    to: str | None = None

    def describe(self, now: int) -> dict[str, Any]:
        """The record as the API reports it."""
        optional = {"change": self.change, "lasts_ns": self.lasts_ns, "to": self.to}
        return {
            "at_ns": self.at_ns,
            "age_s": (now - self.at_ns) / 1e9,
            "by": self.by,
            "kind": self.kind,
            "id": self.id,
            **{name: value for name, value in optional.items() if value is not None},
        }


History = tuple[HistoryRecord, ...]
"""Oldest first, at most MOST_RECORDS."""


def recorded(history: History, record: HistoryRecord) -> History:
    """The history with one more record, without the oldest if there are too many."""
    return (*history, record)[-MOST_RECORDS:]
