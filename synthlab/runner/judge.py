"""Decides expectations as samples arrive. Pure: times are passed in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from ..scenario.actions import Judge
from ..scenario.expression import SAMPLE_NS, Expression, Outcome, Reading, Samples, Value
from ..scenario.record import Limit
from ..text.durations import format_duration, seconds_of


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckResult:
    """The result: whether the expectation held, and the reason in one line.

    `took_s` is the time until it started to hold. The true time is up to `error_s` shorter, because numbers are sampled
    and rates are averaged. Both are None if it did not hold, and for `never`. `limit` is the comparison that decided
    it, with all readings since the start, whose times are seconds after it.
    """

    held: bool
    reason: str
    seen: Mapping[str, Value | None]
    took_s: float | None = None
    error_s: float | None = None
    limit: Limit | None = None


@dataclass(slots=True)
class ExpectationCheck:
    """One expectation, evaluated whenever there are new samples until there is a result.

    It starts at `asked_ns`. Outcomes that cover earlier time are skipped, or an average from before a change would
    judge its effect: of a mean over 5 s, the first that counts is the one 5 s after the start. An expectation that
    holds in the first outcome that counts is in time, whatever its `within`. Skipped as well is one that waits for a
    number that may be back soon enough.
    """

    judge: Judge
    asked_ns: int
    _least_ns: int = field(init=False)
    """The earliest time at which it can have started to hold."""
    _since_ns: int | None = None
    _error_ns: int = 0
    _last: Outcome | None = None
    _readings: list[tuple[int, tuple[Reading, ...]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._least_ns = self.asked_ns

    def look(self, now_ns: int, samples: Samples) -> CheckResult | None:
        """Evaluate on the samples up to `now_ns`; None while undecided."""
        outcome = self.judge.expression.at(now_ns, samples)
        if outcome.since_ns < self.asked_ns or outcome.waits:
            return None
        result = self._never(now_ns, outcome) if self.judge.kind == "never" else self._hold(now_ns, outcome)
        self._last = outcome
        self._readings.append((now_ns, self.judge.expression.readings(now_ns, samples)))
        if not outcome.holds:
            # It may start to hold anywhere within an average that is still too low, up to one sample before it.
            self._least_ns = max(outcome.since_ns - SAMPLE_NS, self.asked_ns)
        if result is None:
            return None
        wanted = self.judge.kind != "never"
        limit = limit_of(self.judge.expression, self._readings, self.asked_ns, wanted, result.held)
        return replace(result, limit=limit)

    @property
    def seen(self) -> str:
        """The numbers of the last outcome, as text."""
        return "" if self._last is None else self._last.text(self.asked_ns)

    def _never(self, now_ns: int, outcome: Outcome) -> CheckResult | None:
        after = format_duration(now_ns - self.asked_ns)
        if outcome.holds is None:
            return CheckResult(held=False, reason=f"no data after {after}: {_missing(outcome)}", seen=outcome.seen)
        if outcome.holds:
            return CheckResult(
                held=False, reason=f"it held after {after}: {outcome.text(self.asked_ns)}", seen=outcome.seen
            )
        if now_ns - self.asked_ns >= self.judge.for_ns:
            return CheckResult(held=True, reason=f"never in {format_duration(self.judge.for_ns)}", seen=outcome.seen)
        return None

    def _hold(self, now_ns: int, outcome: Outcome) -> CheckResult | None:
        if not outcome.holds:
            return self._broken(now_ns, outcome)
        if self._since_ns is None:
            within_ns = self.judge.within_ns
            if self._last is not None and within_ns is not None and now_ns - self.asked_ns > within_ns:
                return self._broken(now_ns, outcome)
            self._since_ns, self._error_ns = now_ns, now_ns - self._least_ns
        if now_ns - self._since_ns < self.judge.for_ns:
            return None
        return CheckResult(
            held=True,
            reason=outcome.text(self.asked_ns),
            seen=outcome.seen,
            took_s=seconds_of(self._since_ns - self.asked_ns),
            error_s=seconds_of(self._error_ns),
        )

    def _broken(self, now_ns: int, outcome: Outcome) -> CheckResult | None:
        """It does not hold, or started too late. None if there is time left for it to start again."""
        held_ns, self._since_ns = self._since_ns, None
        if self.judge.within_ns is not None and now_ns - self.asked_ns < self.judge.within_ns:
            return None
        return CheckResult(held=False, reason=self._why(now_ns, held_ns, outcome), seen=outcome.seen)

    def _why(self, now_ns: int, held_ns: int | None, outcome: Outcome) -> str:
        if outcome.holds is None:
            what = f"no data: {_missing(outcome)}"
        elif outcome.holds:
            what = f"it held only after {format_duration(now_ns - self.asked_ns)}: {outcome.text(self.asked_ns)}"
        else:
            what = outcome.text(self.asked_ns)
        if held_ns is not None:
            held, hold = format_duration(now_ns - held_ns), format_duration(self.judge.for_ns)
            return f"it held for only {held}, not {hold}: {what}"
        return what if self.judge.within_ns is None else f"not within {format_duration(self.judge.within_ns)}: {what}"


def limit_of(
    expression: Expression, readings: Sequence[tuple[int, tuple[Reading, ...]]], asked_ns: int, wanted: bool, held: bool
) -> Limit | None:
    """The first comparison whose last reading is not as `wanted`; of an expectation that held, the first one.

    `readings` are those of all comparisons of the expression at increasing times; None without any.
    """
    if not (expression.comparisons and readings):
        return None
    last = readings[-1][1]
    at = 0 if held else next((at for at, reading in enumerate(last) if reading.held is not wanted), 0)
    compared, own = expression.comparisons[at], [all_read[at] for _, all_read in readings]
    limits, measured_ns = [reading.limit for reading in own], own[-1].at_ns
    return Limit(
        number=compared.text,
        name=compared.name,
        sign=compared.sign,
        unit=compared.unit,
        scale=compared.scale,
        times_s=[round(seconds_of(now_ns - asked_ns), 3) for now_ns, _ in readings],
        values=[reading.value for reading in own],
        limits=limits if len(set(limits)) > 1 else limits[-1:],
        measured_s=None if measured_ns is None else round(seconds_of(measured_ns - asked_ns), 3),
    )


def _missing(outcome: Outcome) -> str:
    return ", ".join(outcome.missing) or "nothing was measured"
