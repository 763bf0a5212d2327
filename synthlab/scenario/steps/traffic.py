"""`traffic`: competing traffic between a client and another member of the lab, for a time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import get_args

from ...contract import SFU_HOST
from ...text.durations import SECOND_NS
from .. import keys
from ..actions import Congestion, Traffic
from ..model import Planner, StepPlan, Timed
from ..step_kind import StepArgs, StepKind

PROTOCOLS = ("tcp", "udp")
DIRECTIONS = ("egress", "ingress")


@dataclass(frozen=True, slots=True)
class TrafficStep:
    """Done when the traffic has begun, which goes on beside the next steps."""

    traffic: Traffic

    def plan(self, planner: Planner) -> StepPlan:
        return StepPlan(actions=(Timed(0, self.traffic),))

    def __str__(self) -> str:
        return str(self.traffic)


def _build(read: StepArgs) -> TrafficStep:
    client, protocol = read.get("traffic"), read.get("protocol", "tcp")
    target = read.get("to", SFU_HOST)
    if target == SFU_HOST and SFU_HOST not in read.context.containers:
        read.node.wrong("needs a client that it goes `to`: this stack has no sfu of its own")
    if target == client:
        read.wrong("to", "is the client itself")
    if protocol == "udp" and "rate" not in read.values:
        read.node.wrong("needs a rate: UDP does not find its own, as TCP does")
    if protocol == "udp" and "congestion" in read.values:
        read.wrong("congestion", "is for TCP: UDP has none")
    traffic = Traffic(
        client=client,
        target=target,
        protocol=protocol,
        rate_bps=read.get("rate"),
        for_ns=read.get("for"),
        reverse=read.get("direction") == "ingress",
        congestion=read.get("congestion"),
    )
    return TrafficStep(traffic)


KIND = StepKind(
    name="traffic",
    help="competing traffic of a client",
    keys={
        "traffic": keys.one(lambda context: context.known.clients, "client", "the client whose network it shares"),
        "to": keys.one(lambda context: context.containers, "client or sfu", "the other end; else sfu"),
        "protocol": keys.word(PROTOCOLS, "tcp (the default) or udp"),
        "direction": keys.word(DIRECTIONS, "egress: from the client (the default), or ingress: toward it"),
        "rate": keys.rate("how much; TCP without one takes all that it gets"),
        "congestion": keys.word(
            get_args(Congestion),
            "TCP's congestion control: cubic, reno, bbr; else cubic, or reno where there is none",
        ),
        "for": keys.time("how long it goes on", SECOND_NS, required=True),
    },
    build=_build,
)
