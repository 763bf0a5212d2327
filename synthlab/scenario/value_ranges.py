"""Values that change over time: pairs such as `rate: [500kbit, 5mbit]`, and what lies between the two."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import Field, dataclass
from decimal import Decimal
from typing import Any

from ..stack.yaml import Node
from .actions import Change
from .model import Planner, Timed
from .step_kind import Context, StepArgs

LEAST_EVERY_S, MOST_EVERY_S = 0.1, 1.0
MOST_POINTS = 36_000
_DIGITS = 4


@dataclass(frozen=True, slots=True)
class Range:
    """Two values of one condition, in the unit of the code."""

    low: float
    high: float
    item: Field[Any]

    def at(self, share: float, exponential: bool = False) -> Any:
        """The value at a share of the way from the first to the second, as people write it."""
        linear = self.low + (self.high - self.low) * share
        value = self.low * (self.high / self.low) ** share if exponential else linear
        return self.item.metadata["unit"].format(_like(self.low, value))

    def __str__(self) -> str:
        written = self.item.metadata["unit"].format
        return f"[{written(self.low)}, {written(self.high)}]"


def _like(example: float, value: float) -> float:
    """The value at four significant digits; whole where the example is."""
    rounded = Decimal(f"{value:.{_DIGITS}g}")
    return int(rounded) if isinstance(example, int) else float(rounded)


def read_pair(node: Node, item: Field[Any], _: Context) -> Range:
    """Two values of a condition that is a number; raises WrongUse."""
    unit = item.metadata["unit"]
    what = f"two values such as [{item.metadata['example']}, {item.metadata['example']}]"
    entries = node.items(what)
    if len(entries) != 2:
        node.wrong(f"{node.plain()!r} is not {what}")
    values = []
    for entry in entries:
        try:
            values.append(unit.parse(entry.value))
        except ValueError as error:
            entry.wrong(str(error))
    if not all(isinstance(value, int | float) and not isinstance(value, bool) for value in values):
        node.wrong("cannot be varied: it is no number")
    if math.inf in values:
        node.wrong("cannot be varied: unlimited is no number")
    return Range(values[0], values[1], item)


def every_s(read: StepArgs, default_s: float, lasts_s: float) -> float:
    """How far apart the steps of a change are: what `every` says, else `default_s`, within 100 ms and 1 s."""
    every = float(read.get("every", min(MOST_EVERY_S, max(LEAST_EVERY_S, default_s))))
    if lasts_s / every > MOST_POINTS:
        read.wrong(
            "every" if "every" in read.keys else "for", f"makes more than {MOST_POINTS} changes; make it shorter"
        )
    return every


def times(lasts_s: float, every: float) -> Iterator[float]:
    """0, every, 2 every ... before `lasts_s`."""
    count = math.ceil(round(lasts_s / every, 6))
    yield from (round(number * every, 6) for number in range(count))


def pairs(change: Mapping[str, Any]) -> Iterator[Range]:
    """Those in a change."""
    for value in change.values():
        if isinstance(value, Range):
            yield value
        elif isinstance(value, Mapping):
            yield from pairs(value)


def filled(change: Mapping[str, Any], value: Callable[[Range], Any]) -> dict[str, Any]:
    """The change with what `value` makes of each pair in its place."""
    return {
        key: value(entry) if isinstance(entry, Range) else filled(entry, value) if isinstance(entry, Mapping) else entry
        for key, entry in change.items()
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """A change over time: what is in force from each of its times on. It reverts at `lasts_s`, if that is not None."""

    clients: tuple[str, ...]
    points: tuple[tuple[float, Mapping[str, Any]], ...]
    lasts_s: float | None

    def actions(self, planner: Planner) -> tuple[Timed, ...]:
        """Those points that change something."""
        made: list[Timed] = []
        before: Mapping[str, Any] | None = None
        for at_s, change in self.points:
            too_short = self.lasts_s is not None and self.lasts_s - at_s < LEAST_EVERY_S
            if change != before and not (made and too_short):
                made.append(Timed(at_s, self._change(planner, at_s, change)))
            before = change
        return tuple(made)

    def _change(self, planner: Planner, at_s: float, change: Mapping[str, Any]) -> Change:
        lease_s = None if self.lasts_s is None else round(self.lasts_s - at_s, 6)
        return Change(layer=planner.layer, clients=self.clients, change=change, lease_s=lease_s)
