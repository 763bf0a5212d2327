"""`baseline`: record the next seconds as `before` for later expectations."""

from __future__ import annotations

from dataclasses import dataclass

from .. import keys
from ..actions import Baseline
from ..expression import RATE_NS
from ..model import Planner, StepPlan, Timed
from ..step_kind import StepArgs, StepKind

SHORTEST_NS = 2 * RATE_NS


@dataclass(frozen=True, slots=True)
class BaselineStep:
    """Finishes when it has been taken. A later baseline replaces an earlier one.

    It is measured in every run because absolute values depend on the machine; `50% of before` holds on any.
    """

    for_ns: int

    def plan(self, planner: Planner) -> StepPlan:
        return StepPlan(actions=(Timed(0, Baseline(for_ns=self.for_ns)),), least_ns=self.for_ns, most_ns=self.for_ns)

    def __str__(self) -> str:
        return str(Baseline(for_ns=self.for_ns))


def _build(read: StepArgs) -> BaselineStep:
    return BaselineStep(read.get("baseline"))


KIND = StepKind(
    name="baseline",
    help="record the next seconds as before",
    keys={"baseline": keys.time("duration; at least 2s, because rates are means over a second", SHORTEST_NS)},
    build=_build,
)
