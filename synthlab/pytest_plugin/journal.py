"""Records what one test does to a lab, and the results of its expectations, in the form of a scenario's record."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType

from ..errors import SynthlabError
from ..lab.expectations import Decided
from ..runner.run_log import Configurations
from ..scenario.record import Judged, Played, Series, Verdict
from ..text.durations import seconds_of

PACKAGE = f"{Path(__file__).resolve().parents[1]}{os.sep}"


@dataclass(slots=True)
class Journal:
    """The journal of one test; times are nanoseconds since its creation."""

    configured: Configurations = field(default_factory=Configurations)
    steps: list[Played] = field(default_factory=list)
    judged: list[Judged] = field(default_factory=list)
    zero_ns: int = field(default_factory=time.monotonic_ns)
    started: datetime = field(default_factory=lambda: datetime.now(UTC))

    def now_ns(self) -> int:
        return time.monotonic_ns() - self.zero_ns

    @contextlib.contextmanager
    def step(self, kind: str, text: str, clients: tuple[str, ...] = (), lasts_ns: int | None = None) -> Iterator[str]:
        """Record the body of the `with` as a step, errors included; yields its id. It is in force for `lasts_ns`."""
        begins_ns, place = self.now_ns(), _place(sys._getframe())
        step = Played(id=str(len(self.steps) + 1), kind=kind, text=text, place=place, clients=clients)
        self.steps.append(replace(step, began_s=seconds_of(begins_ns)))
        at, error = len(self.steps) - 1, None
        try:
            yield step.id
        except SynthlabError as failed:
            error = failed.message
            raise
        finally:
            ends_ns = self.now_ns()
            until_s = None if lasts_ns is None else seconds_of(ends_ns + lasts_ns)
            self.steps[at] = replace(self.steps[at], ended_s=seconds_of(ends_ns), until_s=until_s, error=error)

    def decided(self, step: str, decided: Decided, asked_ns: int) -> None:
        """Record the result of a step's expectation."""
        result, judge = decided.result, decided.judge
        at = next(number for number, one in enumerate(self.steps) if one.id == step)
        self.steps[at] = replace(self.steps[at], text=decided.text)
        verdict: Verdict = "passed" if result.held else "inconclusive" if decided.problems else "failed"
        self.judged.append(
            Judged(
                id=step,
                kind=judge.kind,
                text=decided.text,
                place=self.steps[at].place,
                verdict=verdict,
                reason="; ".join((result.reason, *decided.problems)),
                asked_s=seconds_of(asked_ns),
                decided_s=seconds_of(asked_ns + decided.decided_ns - decided.asked_ns),
                within_s=None if judge.within_ns is None else seconds_of(judge.within_ns),
                for_s=seconds_of(judge.for_ns),
                took_s=result.took_s,
                error_s=result.error_s,
                seen=result.seen,
                limit=result.limit,
            )
        )


def since(samples: Mapping[str, Series], zero_s: float) -> dict[str, Series]:
    """The samples from `zero_s` on, with times relative to it."""
    later = {}
    for name, series in samples.items():
        first = next((number for number, time_s in enumerate(series.times_s) if time_s >= zero_s), len(series.times_s))
        times_s = [round(time_s - zero_s, 3) for time_s in series.times_s[first:]]
        if times_s:
            later[name] = Series(times_s=times_s, values=series.values[first:])
    return later


def _place(frame: FrameType | None) -> str:
    """FILE:LINE of the nearest caller outside this package."""
    # A `with` statement also passes through contextlib.
    while frame and (frame.f_code.co_filename.startswith(PACKAGE) or "contextlib" in frame.f_code.co_filename):
        frame = frame.f_back
    return f"{Path(frame.f_code.co_filename).name}:{frame.f_lineno}" if frame else ""
