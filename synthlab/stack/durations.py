"""Durations as people write them, `10s` or `1.5min`, within limits: on the command line, in code and in files."""

from __future__ import annotations

from syntheticnet.conditions import ConditionsError, parse_duration

from ..errors import WrongUse
from ..text.durations import SECOND_NS, format_duration

DAY_NS = 24 * 3600 * SECOND_NS
"""The longest that there is."""


def read_duration(where: str, text: object, least_ns: int = 0, most_ns: int = DAY_NS) -> int:
    """Nanoseconds; raises WrongUse that begins with `where`."""
    try:
        return parse_between(text, least_ns, most_ns)
    except ConditionsError as error:
        raise WrongUse(f"{where}: {error}") from None


def read_optional(where: str, text: str | None) -> int | None:
    """As `read_duration`; None where there is no text."""
    return None if text is None else read_duration(where, text)


def parse_between(text: object, least_ns: int = 0, most_ns: int = DAY_NS) -> int:
    """Nanoseconds; raises ConditionsError that shows the allowed forms, or from when to when."""
    found = parse_duration(text)
    if not least_ns <= found <= most_ns:
        limits = f"from {format_duration(least_ns)} to {format_duration(most_ns)}"
        raise ConditionsError(f"{text!r} is not a time {limits}")
    return found
