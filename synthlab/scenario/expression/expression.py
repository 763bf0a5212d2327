"""A parsed and checked expression, and its outcome at a given time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ...text.durations import format_duration
from ...text.quantities import quantity
from .catalogue import Known
from .comparisons import Compared, Reading, comparisons
from .parse import parse
from .samples import NEVER_NS, Samples, Value
from .tree import ExpressionNode, SeenValue, View


@dataclass(frozen=True, slots=True)
class Outcome:
    """The value of an expression. `holds` is None without data; `seen` are the samples used, None for no data.

    `since_ns` is the start of the time it covers: of the longest average, or the time of the oldest sample used.
    `shown` are the same ones with the text that they are shown as. `waits`: it has no data now, but a mean will have if
    its number is back soon enough.
    """

    holds: bool | None
    seen: Mapping[str, Value | None]
    since_ns: int = NEVER_NS
    shown: Mapping[str, SeenValue] = field(default_factory=dict)
    waits: bool = False

    @property
    def missing(self) -> tuple[str, ...]:
        """The numbers without data."""
        return tuple(name for name, value in self.seen.items() if value is None)

    def text(self, asked_ns: int) -> str:
        """The numbers with what they came to, and when a minimum or maximum was measured, counted from `asked_ns`."""
        return ", ".join(f"{text} = {_text(shown, asked_ns)}" for text, shown in self.shown.items())


@dataclass(frozen=True, slots=True)
class Expression:
    """A parsed expression: its `text`, the `names` of the numbers it uses, and its `comparisons`."""

    text: str
    names: tuple[str, ...]
    uses_before: bool
    comparisons: tuple[Compared, ...] = field(repr=False)
    _part: ExpressionNode = field(repr=False)

    @classmethod
    def parse(cls, text: str, known: Known) -> Expression:
        """Parse and check `text`; raises ValueError."""
        parsed = parse(text, known)
        compared = tuple(comparisons(parsed.part))
        return cls(" ".join(text.split()), parsed.names, parsed.uses_before, compared, parsed.part)

    @property
    def compared(self) -> tuple[str, ...]:
        """The numbers compared with their baseline."""
        return self.names if self.uses_before else ()

    def at(self, now_ns: int, samples: Samples) -> Outcome:
        """Evaluate at a time of the run."""
        view = View(samples, now_ns)
        result = self._part.value(view)
        return Outcome(
            holds=result if isinstance(result, bool) else None,
            seen=dict(view.seen),
            since_ns=min(view.since, default=now_ns),
            shown=dict(view.shown),
            waits=not isinstance(result, bool) and len(view.waits) > 0,
        )

    def readings(self, now_ns: int, samples: Samples) -> tuple[Reading, ...]:
        """The sides of each of its comparisons at a time of the run."""
        view = View(samples, now_ns)
        return tuple(one.read(view) for one in self.comparisons)

    def __str__(self) -> str:
        return self.text


def _text(shown: SeenValue, asked_ns: int) -> str:
    after = "" if shown.at_ns is None else f" after {format_duration(shown.at_ns - asked_ns)}"
    missing = f" (no data for {format_duration(shown.missing_ns)})" if shown.missing_ns else ""
    return f"{value_text(shown.name, shown.value)}{after}{missing}"


def value_text(name: str, value: Value | None) -> str:
    """A sample as text with its unit, or `no data`."""
    if value is None:
        return "no data"
    return value if isinstance(value, str) else quantity(name, value)
