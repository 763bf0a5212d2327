"""`roam`: a client changes its network, or its address there."""

from __future__ import annotations

from dataclasses import dataclass

from syntheticnet.conditions import MOST_GAP_NS, ROAM_HOWS

from ...errors import WrongUse
from ...stack.roaming import plan_roam, refuse_roam
from .. import keys
from ..actions import Roam
from ..model import Planner, StepPlan, Timed
from ..step_kind import StepArgs, StepKind


@dataclass(frozen=True, slots=True)
class RoamStep:
    """Finishes when the client is there; planned as if only the gap took time."""

    action: Roam

    def plan(self, planner: Planner) -> StepPlan:
        gap_ns = self.action.way.gap_ns
        return StepPlan(actions=(Timed(0, self.action),), least_ns=gap_ns, most_ns=gap_ns)

    def __str__(self) -> str:
        return str(self.action)


def _build(read: StepArgs) -> RoamStep:
    name = read.get("roam")
    gap = read.keys["gap"].text("a duration such as 3s") if "gap" in read.keys else None
    try:
        way = plan_roam(read.get("to"), read.get("new_address", False), read.get("how"), gap)
        uplinks = next(client.uplinks for client in read.context.stack.clients if client.name == name)
        refuse_roam(name, uplinks, way)
    except WrongUse as error:
        read.wrong("to" if "to" in read.keys else "roam", error.message)
    return RoamStep(Roam(client=name, way=way))


KIND = StepKind(
    name="roam",
    help="have a client change its network",
    keys={
        "roam": keys.one(lambda context: context.known.everyone, "client", "a client with `uplinks`"),
        "to": keys.text("the uplink to go to", "the name of an uplink"),
        "new_address": keys.switch("stay in the network, and get another address there"),
        "how": keys.word(ROAM_HOWS, "jump (default): the old network goes first; step: the new one comes first"),
        "gap": keys.time(
            "jump: time without a network (default: 0s); step: time with both (default: 1s)", 0, MOST_GAP_NS
        ),
    },
    build=_build,
)
