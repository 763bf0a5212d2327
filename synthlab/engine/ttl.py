"""How long a lab lives, where that is bounded: its end stands in a label, and its clients end by themselves then."""

from __future__ import annotations

from ..text.durations import SECOND_NS

SHORTEST_TTL_NS = SECOND_NS
"""With less a lab would be over before it is up."""

_UNITS = (("d", 86400), ("h", 3600), ("min", 60), ("s", 1))


def has_expired(expires: int | None, now: float) -> bool:
    return expires is not None and expires <= now


def told_left(expires: int | None, now: float) -> str:
    """The time left, for people: `1 h 59 min`, `expired`, or nothing for a lab that lives on."""
    if expires is None:
        return ""
    return "expired" if has_expired(expires, now) else told_time(expires - now)


def told_time(seconds: float) -> str:
    """A span in its two greatest units: `2 d 3 h`, `1 h 59 min`, `42 s`."""
    rest, parts = max(round(seconds), 0), list[str]()
    for unit, size in _UNITS:
        count, rest = divmod(rest, size)
        if count or parts:
            parts.append(f"{count} {unit}")
    return " ".join(part for part in parts[:2] if not part.startswith("0 ")) or "0 s"
