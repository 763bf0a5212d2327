"""Counts what became of look-ups, in all and by the name in `dns` that they fell under."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ..conditions import LookupConditions
from ..conditions.dns import TIMEOUT

KINDS = ("delayed", "failed", "unanswered", "made_up")
"""Answers that came late, that said nxdomain or servfail, that never came, and that had made-up addresses."""


class LookupCounts:
    """They go on from those of the resolver before."""

    def __init__(
        self, about: Mapping[str, Any], before: Mapping[str, Any] | None, publish: Callable[[Mapping[str, Any]], None]
    ) -> None:
        """`about` is published next to the counts; `before` is what was published last."""
        before = before or {}
        self._about = about
        self._publish = publish
        self._lookups: int = before.get("lookups", 0)
        self._names: dict[str, dict[str, int]] = dict(before.get("names", {}))

    def keep(self, names: Iterable[str]) -> None:
        """Count these names from now on; those of others are forgotten."""
        self._names = {name: self._names.get(name) or dict.fromkeys(("lookups", *KINDS), 0) for name in names}
        self.publish()

    def add(self, name: str | None, entry: LookupConditions) -> None:
        """One more look-up, under this name; None if it fell under none."""
        self._lookups += 1
        if name is None:
            return
        counts = self._names[name]
        for kind in ("lookups", *_kinds(entry)):
            counts[kind] += 1

    def publish(self) -> None:
        self._publish({**self._about, "lookups": self._lookups, "names": self._names})


def _kinds(entry: LookupConditions) -> Iterable[str]:
    if entry.answer == TIMEOUT:
        yield "unanswered"
        return
    if entry.delay_ns:
        yield "delayed"
    if entry.answer is not None:
        yield "made_up" if entry.addresses else "failed"
