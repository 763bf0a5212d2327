"""`baseline`: take the next seconds as what later expectations call `before`."""

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
    """Done when it has been taken. The last one that was taken counts."""

    for_ns: int

    def plan(self, planner: Planner) -> StepPlan:
        return StepPlan(actions=(Timed(0, Baseline(for_ns=self.for_ns)),), least_ns=self.for_ns, most_ns=self.for_ns)

    def __str__(self) -> str:
        return str(Baseline(for_ns=self.for_ns))


def _build(read: StepArgs) -> BaselineStep:
    return BaselineStep(read.get("baseline"))


KIND = StepKind(
    name="baseline",
    help="take the next seconds as what expectations call before",
    keys={"baseline": keys.time("how long; rates are means over a second", SHORTEST_NS)},
    build=_build,
)
