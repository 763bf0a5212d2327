"""`expect`, `never` and `recovers`: expressions over measured numbers, and when they must hold."""

from __future__ import annotations

from dataclasses import dataclass

from ...text.durations import SECOND_NS
from .. import keys
from ..actions import Judge, JudgeKind
from ..model import Planner, StepPlan, Timed
from ..step_kind import StepArgs, StepKind


@dataclass(frozen=True, slots=True)
class JudgeStep:
    """Finishes when the result is known."""

    judge: Judge

    def plan(self, planner: Planner) -> StepPlan:
        least_ns = self.judge.for_ns
        return StepPlan(actions=(Timed(0, self.judge),), least_ns=least_ns, most_ns=self.judge.most_ns)

    def __str__(self) -> str:
        return str(self.judge)


def _build(read: StepArgs, kind: JudgeKind) -> JudgeStep:
    judge = Judge(kind=kind, expression=read.get(kind), within_ns=read.get("within"), for_ns=read.get("for", 0))
    return JudgeStep(judge)


_HOLD = "how long it must then hold without interruption"

KINDS = (
    StepKind(
        name="expect",
        help="an expression must hold",
        keys={
            "expect": keys.expression("what must hold"),
            "within": keys.time("time limit for it to start holding (default: immediately)"),
            "for": keys.time(_HOLD),
        },
        build=lambda read: _build(read, "expect"),
    ),
    StepKind(
        name="never",
        help="an expression must not hold",
        keys={
            "never": keys.expression("what must not hold at any time"),
            "for": keys.time("how long to watch", SECOND_NS, required=True),
        },
        build=lambda read: _build(read, "never"),
    ),
    StepKind(
        name="recovers",
        help="an expression must hold again; reports the recovery time",
        keys={
            "recovers": keys.expression("what must hold again"),
            "within": keys.time("time limit for it to start holding", required=True),
            "for": keys.time(_HOLD),
        },
        build=lambda read: _build(read, "recovers"),
    ),
)
