"""An expression that has been read and checked, and what it comes to at a time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ...text.quantities import quantity
from .catalogue import Known
from .parse import parse
from .samples import NEVER_NS, Samples, Value
from .tree import ExpressionNode, View


@dataclass(frozen=True, slots=True)
class Outcome:
    """`holds` is None where there is no data. `seen` are the numbers that were looked at, as sampled; None: no data.

    `since_ns` is from when on it speaks of the run: the begin of the longest average, or when the oldest of the numbers
    was measured.
    """

    holds: bool | None
    seen: Mapping[str, Value | None]
    since_ns: int = NEVER_NS

    @property
    def missing(self) -> tuple[str, ...]:
        """The numbers that were not there."""
        return tuple(name for name, value in self.seen.items() if value is None)

    def __str__(self) -> str:
        return ", ".join(f"{name} = {value_text(name, value)}" for name, value in self.seen.items())


@dataclass(frozen=True, slots=True)
class Expression:
    """`text` is as written; `names` are the numbers that it needs."""

    text: str
    names: tuple[str, ...]
    uses_before: bool
    _part: ExpressionNode = field(repr=False)

    @classmethod
    def parse(cls, text: str, known: Known) -> Expression:
        """Raises ValueError with what is wrong and what is allowed."""
        parsed = parse(text, known)
        return cls(" ".join(text.split()), parsed.names, parsed.uses_before, parsed.part)

    @property
    def compared(self) -> tuple[str, ...]:
        """The numbers whose baseline matters."""
        return self.names if self.uses_before else ()

    def at(self, now_ns: int, samples: Samples) -> Outcome:
        """What it comes to at a time of the run."""
        view = View(samples, now_ns)
        found = self._part.value(view)
        return Outcome(found if isinstance(found, bool) else None, dict(view.seen), min(view.since, default=now_ns))

    def __str__(self) -> str:
        return self.text


def value_text(name: str, value: Value | None) -> str:
    """What was seen of the number of that name, with its unit, or `no data`."""
    if value is None:
        return "no data"
    return value if isinstance(value, str) else quantity(name, value)
