"""How a measured number reads in a report."""

from __future__ import annotations

from ..scenario.expression import Value

_LARGE = 10_000
"""From here on digits after the point say nothing."""


def number_text(value: Value | None) -> str:
    if value is None:
        return "no data"
    return value if isinstance(value, str) else f"{value:,.0f}" if abs(value) >= _LARGE else f"{value:.5g}"
