"""Parses durations such as `10s` or `1.5min`."""

from __future__ import annotations

from syntheticnet.conditions import ConditionsError, parse_duration

from ..errors import WrongUse


def read_span(where: str, written: str) -> float:
    """Seconds; raises WrongUse prefixed with `where`."""
    try:
        return parse_duration(written) / 1e9
    except ConditionsError as error:
        raise WrongUse(f"{where}: {error}") from None
