"""A range of values such as `0%..40%`, and the values in it that a bisection tries."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from ..errors import WrongUse

MOST_VALUES = 500

_SHARES = {"%": 1}
_RATES = {"bit": 1, "kbit": 10**3, "mbit": 10**6, "gbit": 10**9}
_TIMES = {"ns": 1, "us": 10**3, "ms": 10**6, "s": 10**9, "min": 60 * 10**9}
_SIZES = {"b": 1, "kb": 10**3, "mb": 10**6}
_PACKETS = {"p": 1}
_PLAIN = {"": 1}
_KINDS: tuple[Mapping[str, int], ...] = (_SHARES, _RATES, _TIMES, _SIZES, _PACKETS, _PLAIN)

_VALUE = re.compile(r"([0-9]{1,15}(?:\.[0-9]{1,9})?)([a-z%]*)")
_FORM = "of the form NAME=FROM..TO, such as LOSS=0%..40% or RATE=100kbit..5mbit"


@dataclass(frozen=True, slots=True)
class RangeValue:
    """An exact number of a unit, as it is written: 1.5 of `mbit`."""

    amount: Decimal
    unit: str

    @property
    def scales(self) -> Mapping[str, int]:
        """The units that it can be converted to, with their sizes."""
        return next(scales for scales in _KINDS if self.unit in scales)

    @property
    def size(self) -> Decimal:
        """In the smallest unit."""
        return self.amount * self.scales[self.unit]

    def __str__(self) -> str:
        return f"{_plain(self.amount)}{self.unit}"


@dataclass(frozen=True, slots=True)
class ValueRange:
    """The `values` of a variable from the low end to the high end, ascending, as they are written in a scenario."""

    variable: str
    values: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.variable} from {self.values[0]} to {self.values[-1]}"


def read_value(text: str) -> RangeValue:
    """Raises ValueError for another form, or an unknown unit."""
    match = _VALUE.fullmatch(text.strip().lower())
    if match is None or not any(match[2] in scales for scales in _KINDS):
        units = ", ".join(unit for scales in _KINDS for unit in scales if unit)
        raise ValueError(f"{text!r} is not a number with one of the units {units}, or without a unit")
    return RangeValue(Decimal(match[1]), match[2])


def read_range(entry: str, resolution: str) -> ValueRange:
    """The values of `LOSS=0%..40%`, a `resolution` apart; the high end is always one of them.

    A resolution in % of a range that has another unit is a ratio: each value is that much above the one before. Raises
    WrongUse.
    """
    variable, equals, ends = entry.partition("=")
    first, dots, second = ends.partition("..")
    if not (variable and equals and first and dots and second):
        raise WrongUse(f"--var: {entry!r} is not {_FORM}")
    low, high = _read(f"--var {variable}", first), _read(f"--var {variable}", second)
    if low.scales is not high.scales:
        raise WrongUse(f"--var {variable}: {first} and {second} do not have the same kind of unit")
    if not low.size < high.size:
        raise WrongUse(f"--var {variable}: {first} is not less than {second}")
    step = _read("--resolution", resolution)
    if not step.amount:
        raise WrongUse("--resolution: must be more than 0")
    if step.scales is low.scales:
        sizes = _linear(low.size, high.size, step.size)
    elif step.scales is _SHARES:
        sizes = _geometric(variable, low.size, high.size, 1 + step.amount / 100)
    else:
        raise WrongUse(f"--resolution: {resolution} is neither a share nor in a unit of {first}, such as {low}")
    return ValueRange(variable, tuple(_written(size, low, high) for size in sizes))


def _read(where: str, text: str) -> RangeValue:
    try:
        return read_value(text)
    except ValueError as error:
        raise WrongUse(f"{where}: {error}") from None


def _linear(low: Decimal, high: Decimal, step: Decimal) -> list[Decimal]:
    count = int((high - low) / step)
    _refuse_many(count + 1)
    sizes = [low + number * step for number in range(count + 1)]
    return sizes if sizes[-1] == high else [*sizes, high]


def _geometric(variable: str, low: Decimal, high: Decimal, ratio: Decimal) -> list[Decimal]:
    if not low:
        raise WrongUse(f"--resolution: a share of each value requires a range of {variable} that begins above 0")
    sizes = [low]
    while (value := sizes[-1] * ratio) < high:
        sizes.append(Decimal(f"{value:.4g}"))
        _refuse_many(len(sizes) + 1)
    return [*sizes, high]


def _refuse_many(count: int) -> None:
    if count > MOST_VALUES:
        raise WrongUse(f"--resolution: results in more than {MOST_VALUES} values; give a coarser one")


def _written(size: Decimal, low: RangeValue, high: RangeValue) -> str:
    """In the unit of the low end, or of the high end where the number is at least 1 of it."""
    unit = high.unit if size >= high.scales[high.unit] else low.unit
    return f"{_plain(size / low.scales[unit])}{unit}"


def _plain(number: Decimal) -> str:
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
