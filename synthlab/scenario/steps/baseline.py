"""`baseline`: take the next seconds as what later expectations call `before`."""

from __future__ import annotations

from dataclasses import dataclass

from .. import keys
from ..actions import Baseline
from ..expression import RATE_S
from ..model import Part, Planner, Timed
from ..step_kind import StepArgs, StepKind

SHORTEST_S = 2 * RATE_S


@dataclass(frozen=True, slots=True)
class BaselineStep:
    """Done when it has been taken. The last one that was taken counts."""

    for_s: float

    def plan(self, planner: Planner) -> Part:
        return Part(actions=(Timed(0.0, Baseline(for_s=self.for_s)),), least_s=self.for_s, most_s=self.for_s)

    def __str__(self) -> str:
        return str(Baseline(for_s=self.for_s))


def _build(read: StepArgs) -> BaselineStep:
    return BaselineStep(read.get("baseline"))


KIND = StepKind(
    name="baseline",
    help="take the next seconds as what expectations call before",
    keys={"baseline": keys.time("how long; rates are means over a second", SHORTEST_S)},
    build=_build,
)
