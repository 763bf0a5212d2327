"""Decides which value to try next, and where a scenario begins to fail, from the outcomes so far. Pure.

The model is that of psychophysics: the probability of a failure rises along the values as a logistic curve, of which
threshold (where half of the runs fail) and width are unknown; a small share of runs fails or passes for other reasons.
Each outcome updates the probability of every curve by Bayes' rule. The next value is the one whose outcome is expected
to leave the least entropy: the Psi method (L. L. Kontsevich, C. W. Tyler: Bayesian adaptive estimation of psychometric
slope and threshold, Vision Research 39, 1999). A sharp break is a very narrow curve, so that one method finds both.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

LAPSE = 0.02
"""The share of runs whose outcome has nothing to do with the value."""
PER_STEP = 4
"""Thresholds considered between two values."""
NARROWEST = 0.05
"""The scale of a curve that is a sharp break, in steps between values."""
MOST_CANDIDATES = 21
"""Values that are considered for the next run."""
END_TRIES = 3
"""Runs at each end if both have the same outcome."""

State = Literal["ends", "searching", "found", "wide", "passes", "fails"]
"""`found`: the interval is as narrow as asked. `wide`: no run is left. `passes`, `fails`: so do both ends."""


@dataclass(frozen=True, slots=True)
class Interval:
    """The threshold lies between the values number `low` and `high` with at least the asked confidence."""

    low: int
    high: int


@dataclass(frozen=True, slots=True)
class _Curve:
    """A logistic curve; positions and scale are in steps between values."""

    threshold: float
    scale: float

    def fails(self, position: float) -> float:
        """The probability that a run at this position fails."""
        power = (position - self.threshold) / self.scale
        share = 1 / (1 + math.exp(-power)) if power > -700 else 0.0
        return LAPSE + (1 - 2 * LAPSE) * share


@dataclass(slots=True)
class Bisection:
    """A search among values number 0 to `count - 1`, in at most `most_runs` runs.

    `next` is the number of the value to try, None at the end; `add` takes its outcome. Whether it fails at the high or
    at the low end is found out first.
    """

    count: int
    confidence: float = 0.95
    most_runs: int = 40
    outcomes: list[tuple[int, bool]] = field(default_factory=list)
    _rising: bool | None = None
    _curves: list[_Curve] = field(init=False)
    _weights: list[float] = field(init=False)
    _rows: dict[int, list[float]] = field(default_factory=dict)
    """The probabilities of a failure at a value, by curve."""

    def __post_init__(self) -> None:
        widest = max(1.0, (self.count - 1) / 4)
        scales = [NARROWEST, *_spread(0.25, widest)]
        steps = (self.count - 1) * PER_STEP
        thresholds = [(number + 0.5) / PER_STEP for number in range(steps)]
        self._curves = [_Curve(threshold, scale) for threshold in thresholds for scale in scales]
        # Half of the prior is for a sharp break: it is the usual one, and a few repetitions correct it.
        weights = [0.5, *[0.5 / (len(scales) - 1)] * (len(scales) - 1)]
        self._weights = [weight / len(thresholds) for _ in thresholds for weight in weights]

    @property
    def state(self) -> State:
        if self._rising is None:
            return self._end_state
        interval = self.interval
        if interval.high - interval.low <= 1:
            return "found"
        return "searching" if len(self.outcomes) < self.most_runs else "wide"

    @property
    def next(self) -> int | None:
        """The number of the value to try next; None if nothing is left to try."""
        state = self.state
        if state == "ends":
            return 0 if self._tried(0) <= self._tried(self.count - 1) else self.count - 1
        return self._best() if state == "searching" else None

    def add(self, value: int, failed: bool) -> None:
        """Take in the outcome of a run."""
        self.outcomes.append((value, failed))
        if self._rising is None:
            self._rising = self._direction()
            if self._rising is not None:
                for earlier in self.outcomes:
                    self._update(*earlier)
        else:
            self._update(value, failed)

    @property
    def has_break(self) -> bool:
        """Whether one end passes and the other fails."""
        return self._rising is not None

    @property
    def rising(self) -> bool:
        """Whether high values fail."""
        return self._rising is not False

    @property
    def interval(self) -> Interval:
        """The values that enclose the threshold with at least the confidence that is asked for."""
        low, high = self._quantile((1 - self.confidence) / 2), self._quantile((1 + self.confidence) / 2)
        first, last = math.floor(low), math.ceil(high)
        return Interval(first, last) if self.rising else Interval(self.count - 1 - last, self.count - 1 - first)

    def curve(self) -> list[float]:
        """The expected share of runs that fail, for each value."""
        shares = [self._share(position) for position in range(self.count)]
        return shares if self.rising else shares[::-1]

    @property
    def _end_state(self) -> State:
        last = self.count - 1
        if min(self._tried(0), self._tried(last)) < END_TRIES:
            return "ends"
        return "fails" if sum(failed for _, failed in self.outcomes) * 2 > len(self.outcomes) else "passes"

    def _direction(self) -> bool | None:
        """Whether high values fail; None while both ends have the same outcomes."""
        low, high = self._failures(0), self._failures(self.count - 1)
        if not (low and high) or len(low) != len(high):
            return None
        shares = sum(low) / len(low), sum(high) / len(high)
        return None if shares[0] == shares[1] else shares[1] > shares[0]

    def _failures(self, value: int) -> list[bool]:
        return [failed for tried, failed in self.outcomes if tried == value]

    def _tried(self, value: int) -> int:
        return len(self._failures(value))

    def _oriented(self, position: float) -> float:
        return position if self.rising else self.count - 1 - position

    def _row(self, position: int) -> list[float]:
        if position not in self._rows:
            self._rows[position] = [curve.fails(position) for curve in self._curves]
        return self._rows[position]

    def _share(self, position: int) -> float:
        return sum(weight * fails for weight, fails in zip(self._weights, self._row(position), strict=True))

    def _update(self, value: int, failed: bool) -> None:
        row = self._row(int(self._oriented(value)))
        self._weights = _normalized(
            [w * (fails if failed else 1 - fails) for w, fails in zip(self._weights, row, strict=True)]
        )

    def _best(self) -> int:
        """The value whose outcome leaves the least entropy on average."""
        return int(self._oriented(min(self._candidates(), key=self._entropy_after)))

    def _candidates(self) -> Sequence[int]:
        """Positions around where the threshold probably is."""
        first = max(0, math.floor(self._quantile(0.01)) - 1)
        last = min(self.count - 1, math.ceil(self._quantile(0.99)) + 1)
        stride = max(1, math.ceil((last - first) / MOST_CANDIDATES))
        return range(first, last + 1, stride)

    def _entropy_after(self, position: int) -> float:
        """The entropy of the threshold that is expected after one more run there."""
        row = self._row(position)
        entropy = 0.0
        for failed in (True, False):
            joint = [w * (fails if failed else 1 - fails) for w, fails in zip(self._weights, row, strict=True)]
            entropy -= _entropy_part(self._by_threshold(joint))
        return entropy

    def _by_threshold(self, weights: list[float]) -> list[float]:
        scales = len(weights) // ((self.count - 1) * PER_STEP)
        return [sum(weights[at : at + scales]) for at in range(0, len(weights), scales)]

    def _quantile(self, share: float) -> float:
        """The position below which the threshold lies with this probability."""
        total = 0.0
        for number, weight in enumerate(self._by_threshold(self._weights)):
            total += weight
            if total >= share:
                return (number + 0.5) / PER_STEP
        return float(self.count - 1)


def _spread(low: float, high: float) -> list[float]:
    """Values from `low` to at least `high`, each twice the one before."""
    return [low * 2**power for power in range(math.ceil(math.log2(high / low)) + 1)]


def _normalized(weights: list[float]) -> list[float]:
    total = sum(weights)
    return [weight / total for weight in weights]


def _entropy_part(joint: list[float]) -> float:
    """The sum of p log p of an outcome's joint probabilities, less that of the outcome itself."""
    total = sum(joint)
    return sum(part * math.log(part / total) for part in joint if part > 0) if total > 0 else 0.0
