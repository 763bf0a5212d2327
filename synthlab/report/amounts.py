"""Measured values and their limits as people read them."""

from __future__ import annotations

from collections.abc import Sequence

from ..scenario.expression import Value
from ..scenario.record import Judged, Limit
from ..text.durations import format_seconds
from ..text.quantities import quantity

_UNITS = {"bit/s": (1e-3, "kbit/s"), "%": (100.0, "%"), "ms": (1.0, "ms")}


def amount(limit: Limit, value: Value | None) -> str:
    """A value in the unit of a limit: `9.7 fps`, `54 kbit/s`, `5 %`, `no data`."""
    if value is None or isinstance(value, str):
        return "no data" if value is None else f"'{value}'"
    if limit.unit not in _UNITS:
        return quantity(limit.name, float(f"{value:.4g}"))
    scale, unit = _UNITS[limit.unit]
    return f"{float(f'{value * scale:.4g}'):g} {unit}"


def wanted(judged: Judged, limit: Limit) -> str:
    """What the expectation asked of the number: `>= 11.5 fps within 4s for 3s`."""
    within = "" if judged.within_s is None else f" within {format_seconds(judged.within_s)}"
    lasting = f" {'in' if judged.kind == 'never' else 'for'} {format_seconds(judged.for_s)}" if judged.for_s else ""
    return f"{limit.sign} {amount(limit, last(limit.limits))}{within}{lasting}"


def last(values: Sequence[Value | None]) -> Value | None:
    """The last of some values; None if there are none."""
    return values[-1] if values else None
