"""How an expectation is decided as samples come in. Nothing here reads a clock."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ..scenario.actions import Judge
from ..scenario.expression import SAMPLE_S, Outcome, Samples, Value
from ..scenario.formatting import seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckResult:
    """The end of it: whether the expectation held, and one line that says why.

    `took_s` is when it began to hold, counted from when it was asked; it did so within `error_s` before that, for
    numbers are sampled, and rates are means of some time. None where it never held, or for `never`.
    """

    held: bool
    reason: str
    seen: Mapping[str, Value | None]
    took_s: float | None = None
    error_s: float | None = None


@dataclass(slots=True)
class ExpectationCheck:
    """One expectation, looked at whenever there are new samples, until there is a result.

    It is asked at `asked_s`. What speaks of the time before that is not looked at: of an average of five seconds the
    first one counts that began since. What holds at the first look is never too late.
    """

    judge: Judge
    asked_s: float
    _least_s: float = field(init=False)
    """It cannot have begun to hold before."""
    _since_s: float | None = None
    _error_s: float = 0.0
    _last: Outcome | None = None

    def __post_init__(self) -> None:
        self._least_s = self.asked_s

    def look(self, now_s: float, samples: Samples) -> CheckResult | None:
        """Look at what is known up to `now_s`; None while it is not decided."""
        outcome = self.judge.expression.at(now_s, samples)
        if outcome.since_s < self.asked_s:
            return None
        ruling = self._never(now_s, outcome) if self.judge.kind == "never" else self._hold(now_s, outcome)
        self._last = outcome
        if not outcome.holds:
            # It may have begun at any time of an average that is still too low, and before a sample in between.
            self._least_s = max(outcome.since_s - SAMPLE_S, self.asked_s)
        return ruling

    @property
    def seen(self) -> str:
        """What was last looked at, for people."""
        return "" if self._last is None else str(self._last)

    def _never(self, now_s: float, outcome: Outcome) -> CheckResult | None:
        after = seconds(now_s - self.asked_s)
        if outcome.holds is None:
            return CheckResult(held=False, reason=f"no data after {after}: {_missing(outcome)}", seen=outcome.seen)
        if outcome.holds:
            return CheckResult(held=False, reason=f"it held after {after}: {outcome}", seen=outcome.seen)
        if now_s - self.asked_s >= self.judge.for_s:
            return CheckResult(held=True, reason=f"never in {seconds(self.judge.for_s)}", seen=outcome.seen)
        return None

    def _hold(self, now_s: float, outcome: Outcome) -> CheckResult | None:
        if not outcome.holds:
            return self._broken(now_s, outcome)
        if self._since_s is None:
            within_s = self.judge.within_s
            if self._last is not None and within_s is not None and now_s - self.asked_s > within_s:
                return self._broken(now_s, outcome)
            self._since_s, self._error_s = now_s, now_s - self._least_s
        if now_s - self._since_s < self.judge.for_s:
            return None
        return CheckResult(
            held=True,
            reason=str(outcome),
            seen=outcome.seen,
            took_s=self._since_s - self.asked_s,
            error_s=self._error_s,
        )

    def _broken(self, now_s: float, outcome: Outcome) -> CheckResult | None:
        """It does not hold, or began to too late; there may be time left for it to begin anew."""
        held_s, self._since_s = self._since_s, None
        if self.judge.within_s is not None and now_s - self.asked_s < self.judge.within_s:
            return None
        return CheckResult(held=False, reason=self._why(now_s, held_s, outcome), seen=outcome.seen)

    def _why(self, now_s: float, held_s: float | None, outcome: Outcome) -> str:
        if outcome.holds is None:
            what = f"no data: {_missing(outcome)}"
        elif outcome.holds:
            what = f"it held only after {seconds(now_s - self.asked_s)}: {outcome}"
        else:
            what = str(outcome)
        if held_s is not None:
            return f"it held for {seconds(now_s - held_s)} only, not {seconds(self.judge.for_s)}: {what}"
        return what if self.judge.within_s is None else f"not within {seconds(self.judge.within_s)}: {what}"


def _missing(outcome: Outcome) -> str:
    return ", ".join(outcome.missing) or "nothing was measured"
