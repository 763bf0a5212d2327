"""Parses durations of leases, steps and waits: `500ms`, `10s`, `5min`, `1h`."""

from __future__ import annotations

import re
from decimal import Decimal

from .errors import ConditionsError

ALLOWED = "a time such as 500ms, 10s, 5min or 1h"
MAX_NS = 24 * 3600 * 10**9

_FORM = re.compile(r"\s*([0-9]{1,9}(?:\.[0-9]{1,9})?)\s*(ms|s|min|h)\s*")
_SCALES = {"ms": 10**6, "s": 10**9, "min": 60 * 10**9, "h": 3600 * 10**9}


def parse_duration(value: object) -> int:
    """Nanoseconds, at most a day; raises ConditionsError with the allowed forms."""
    match = _FORM.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise ConditionsError(f"{value!r} is not {ALLOWED}")
    nanoseconds = int(Decimal(match[1]) * _SCALES[match[2]])
    if nanoseconds > MAX_NS:
        raise ConditionsError(f"{value!r} is longer than a day")
    return nanoseconds


def write_duration(nanoseconds: int) -> str:
    """The text that `parse_duration` reads back, exact to the nanosecond: `10s`, `1500ms`, `0.000001ms`."""
    for unit in ("h", "min", "s"):
        if nanoseconds and nanoseconds % _SCALES[unit] == 0:
            return f"{nanoseconds // _SCALES[unit]}{unit}"
    whole, rest = divmod(nanoseconds, _SCALES["ms"])
    return f"{whole}.{rest:06d}".rstrip("0").rstrip(".") + "ms"
