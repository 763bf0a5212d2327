"""A lab's time to live. The expiry time is a label; at that time the lab's clients stop on their own."""

from __future__ import annotations

from ..text.durations import SECOND_NS

SHORTEST_TTL_NS = SECOND_NS
"""A shorter-lived lab would expire before it is up."""

_UNITS = (("d", 86400), ("h", 3600), ("min", 60), ("s", 1))


def has_expired(expires: int | None, now: float) -> bool:
    return expires is not None and expires <= now


def format_left(expires: int | None, now: float) -> str:
    """The time left as text: `1 h 59 min`, `expired`, or empty for a lab that does not expire."""
    if expires is None:
        return ""
    return "expired" if has_expired(expires, now) else format_time(expires - now)


def format_time(seconds: float) -> str:
    """A time span in its two largest units: `2 d 3 h`, `1 h 59 min`, `42 s`."""
    rest, parts = max(round(seconds), 0), list[str]()
    for unit, size in _UNITS:
        count, rest = divmod(rest, size)
        if count or parts:
            parts.append(f"{count} {unit}")
    return " ".join(part for part in parts[:2] if not part.startswith("0 ")) or "0 s"
