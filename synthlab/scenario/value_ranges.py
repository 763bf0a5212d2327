"""Values that change over time: pairs such as `rate: [500kbit, 5mbit]` and interpolation between them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import Field, dataclass, field
from decimal import Decimal
from fractions import Fraction
from typing import Any

from ..stack.yaml import Node
from ..text.durations import MS_NS, SECOND_NS
from .actions import Change
from .model import Planner, Timed
from .step_kind import Context, StepArgs

LEAST_EVERY_NS, MOST_EVERY_NS = 100 * MS_NS, SECOND_NS
# An hour of changes that are as close as allowed.
MOST_POINTS = 36_000
_DIGITS = 4


@dataclass(frozen=True, slots=True)
class Range:
    """Two values of one condition, in internal units (bit/s, ms, share of 1)."""

    low: float
    high: float
    item: Field[Any]

    def at(self, share: float, exponential: bool = False) -> Any:
        """The value at `share` (0 to 1) of the way from `low` to `high`, as text with its unit."""
        linear = self.low + (self.high - self.low) * share
        value = self.low * (self.high / self.low) ** share if exponential else linear
        return self.item.metadata["unit"].format(_like(self.low, value))

    def __str__(self) -> str:
        written = self.item.metadata["unit"].format
        return f"[{written(self.low)}, {written(self.high)}]"


def _like(example: float, value: float) -> float:
    """The value rounded to four significant digits; an int if `example` is one."""
    rounded = Decimal(f"{value:.{_DIGITS}g}")
    return int(rounded) if isinstance(example, int) else float(rounded)


def read_pair(node: Node, item: Field[Any], _: Context) -> Range:
    """A pair of values of a numeric condition; raises WrongUse."""
    unit = item.metadata["unit"]
    what = f"two values such as [{item.metadata['example']}, {item.metadata['example']}]"
    entries = node.items(what)
    if len(entries) != 2:
        node.wrong(f"{node.quoted()} is not {what}")
    values = []
    for entry in entries:
        try:
            values.append(unit.parse(entry.value))
        except ValueError as error:
            entry.wrong(str(error))
    if not all(isinstance(value, int | float) and not isinstance(value, bool) for value in values):
        node.wrong("cannot vary over time; only numeric conditions can")
    if math.inf in values:
        node.wrong("cannot vary to or from unlimited; use two finite values")
    return Range(values[0], values[1], item)


def every_ns(read: StepArgs, default_ns: Fraction, lasts_ns: int) -> Fraction:
    """The interval between changes: the key `every`, else `default_ns` limited to 100 ms to 1 s.

    A fraction, because dividing a duration into equal parts rarely gives whole nanoseconds.
    """
    every = Fraction(read.get("every", min(MOST_EVERY_NS, max(LEAST_EVERY_NS, default_ns))))
    if lasts_ns / every > MOST_POINTS:
        key, fix = ("every", "increase it") if "every" in read.keys else ("for", "decrease it")
        read.wrong(key, f"results in more than {MOST_POINTS} changes; {fix}")
    return every


def times(lasts_ns: int, every: Fraction) -> Iterator[int]:
    """The multiples of `every` from 0 up to, but excluding, `lasts_ns`, in nanoseconds.

    Each is rounded once from the exact fraction: summing rounded intervals would drift over thousands of changes.
    """
    yield from (round(number * every) for number in range(math.ceil(lasts_ns / every)))


def pairs(change: Mapping[str, Any]) -> Iterator[Range]:
    """All ranges in a change, in order."""
    for value in change.values():
        if isinstance(value, Range):
            yield value
        elif isinstance(value, Mapping):
            yield from pairs(value)


def filled(change: Mapping[str, Any], value: Callable[[Range], Any]) -> dict[str, Any]:
    """The change with each range replaced by `value(range)`."""
    return {
        key: value(entry) if isinstance(entry, Range) else filled(entry, value) if isinstance(entry, Mapping) else entry
        for key, entry in change.items()
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """Changes by start time; each applies until the next. The last reverts at `lasts_ns`, unless that is None.

    `files` are those that any of the changes names.
    """

    clients: tuple[str, ...]
    points: tuple[tuple[int, Mapping[str, Any]], ...]
    lasts_ns: int | None
    files: Mapping[str, str] = field(default_factory=dict)

    def actions(self, planner: Planner) -> tuple[Timed, ...]:
        """One action for each point that differs from the previous one.

        A change whose lease would be shorter than the API allows is dropped: the earlier value holds until the end.
        """
        made: list[Timed] = []
        before: Mapping[str, Any] | None = None
        for at_ns, change in self.points:
            too_short = self.lasts_ns is not None and self.lasts_ns - at_ns < LEAST_EVERY_NS
            if change != before and not (made and too_short):
                made.append(Timed(at_ns, self._change(planner, at_ns, change)))
            before = change
        return tuple(made)

    def _change(self, planner: Planner, at_ns: int, change: Mapping[str, Any]) -> Change:
        lease_ns = None if self.lasts_ns is None else self.lasts_ns - at_ns
        return Change(layer=planner.layer, clients=self.clients, change=change, lease_ns=lease_ns, files=self.files)
