"""Parses durations such as `10s` or `1.5min`, with limits."""

from __future__ import annotations

from syntheticnet.conditions import ConditionsError, parse_duration

from ..errors import WrongUse
from ..text.durations import SECOND_NS, format_duration

DAY_NS = 24 * 3600 * SECOND_NS
"""The longest duration allowed."""


def read_duration(where: str, text: object, least_ns: int = 0, most_ns: int = DAY_NS) -> int:
    """Nanoseconds; raises WrongUse prefixed with `where`."""
    try:
        return parse_between(text, least_ns, most_ns)
    except ConditionsError as error:
        raise WrongUse(f"{where}: {error}") from None


def read_optional(where: str, text: str | None) -> int | None:
    """As `read_duration`; None if `text` is None."""
    return None if text is None else read_duration(where, text)


def parse_between(text: object, least_ns: int = 0, most_ns: int = DAY_NS) -> int:
    """Nanoseconds; raises ConditionsError with the allowed forms, or the limits."""
    duration_ns = parse_duration(text)
    if not least_ns <= duration_ns <= most_ns:
        limits = f"from {format_duration(least_ns)} to {format_duration(most_ns)}"
        raise ConditionsError(f"{text!r} is not a time {limits}")
    return duration_ns
