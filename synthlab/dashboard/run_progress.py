"""How far a run of a scenario is: the runner's watcher, kept as data."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from ..runner.action_executor import LEAD_NS
from ..scenario.plan import Plan, Visit
from ..scenario.record import Judged, Played, Record
from ..text.durations import seconds_of

MOST_NOTES = 100

StepState = Literal["waiting", "running", "passed", "failed", "done"]


@dataclass(frozen=True, slots=True)
class StepProgress:
    """One step: `value` is what its expectation saw last, `reason` why it passed or failed."""

    state: StepState = "waiting"
    at_s: float | None = None
    until_s: float | None = None
    value: str | None = None
    reason: str | None = None

    def to_dict(self, id: str) -> dict[str, Any]:
        values = {"at_s": self.at_s, "until_s": self.until_s, "value": self.value, "reason": self.reason}
        return {"step": id, "state": self.state, **{key: value for key, value in values.items() if value is not None}}


class RunProgress:
    """A Watcher. `heard` is called after each change, with a mark when a step begins."""

    def __init__(self, plan: Plan, heard: Callable[[Mapping[str, Any] | None], None]) -> None:
        self._visits = list(plan.visits())
        self._heard = heard
        self._steps = {visit.run.id: StepProgress() for visit in self._visits}
        self._notes: deque[str] = deque(maxlen=MOST_NOTES)
        self._zero_s: float | None = None
        self._lock = threading.Lock()

    def to_dict(self, record: Record | None) -> dict[str, Any]:
        with self._lock:
            steps = dict(self._steps)
        return {
            "plan": [_planned(visit) for visit in self._visits],
            "steps": [_at_end(one, record).to_dict(id) for id, one in steps.items()],
            "elapsed_s": self._now_s() if record is None else round(record.duration_s, 3),
            "lines": list(self._notes),
        }

    def note(self, line: str) -> None:
        """A line about the lab, before or after the scenario itself."""
        if not self._notes or self._notes[-1] != line:
            self._notes.append(line)
            self._heard(None)

    def step(self, step: Played) -> None:
        if self._zero_s is None and step.planned_s is not None:
            # The runner starts each step this much ahead of its time.
            self._zero_s = time.monotonic() + seconds_of(LEAD_NS) - step.planned_s
        state: StepState = "failed" if step.error else "running"
        self._put(step.id, state=state, at_s=step.planned_s, reason=step.error)
        self._heard({"at_s": step.planned_s, "text": step.mark or step.text, "kind": step.kind})

    def ended(self, step: Played) -> None:
        if self._steps[step.id].state == "running":
            self._put(step.id, state="done", until_s=self._now_s())
            self._heard(None)

    def judging(self, now_ns: int, text: str, seen: str) -> None:
        self._zero_s = time.monotonic() - seconds_of(now_ns)
        # The runner names an expectation by its text, which steps may share.
        for visit in self._visits:
            if visit.run.text == text and self._steps[visit.run.id].state == "running":
                self._put(visit.run.id, value=seen)
                self._heard(None)

    def judged(self, judged: Judged) -> None:
        state: StepState = "passed" if judged.verdict == "passed" else "failed"
        self._put(judged.id, state=state, until_s=self._now_s(), reason=judged.reason)
        self._heard(None)

    def _put(self, id: str, **values: Any) -> None:
        with self._lock:
            self._steps[id] = replace(self._steps[id], **values)

    def _now_s(self) -> float:
        return round(self._elapsed_s(), 3)

    def _elapsed_s(self) -> float:
        return 0.0 if self._zero_s is None else max(time.monotonic() - self._zero_s, 0.0)


def _at_end(progress: StepProgress, record: Record | None) -> StepProgress:
    """A step that was interrupted is over when the run is."""
    return replace(progress, state="done") if record and progress.state == "running" else progress


def _planned(visit: Visit) -> dict[str, Any]:
    run = visit.run
    at_s, until_s = seconds_of(visit.earliest_ns), seconds_of(visit.earliest_ns + run.over_ns)
    until = {"until_s": until_s} if until_s > at_s else {}
    depth = {"depth": visit.depth} if visit.depth else {}
    return {"step": run.id, "at_s": at_s, **until, "title": run.mark or run.text, "kind": run.kind, **depth}
