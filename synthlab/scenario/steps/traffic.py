"""`traffic`: competing traffic between a client and another container of the lab, for a time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import get_args

from ...contract import SFU_HOST
from ...errors import WrongUse
from ...stack.uplinks import refuse_hidden
from ...text.durations import SECOND_NS
from .. import keys
from ..actions import Congestion, Traffic
from ..model import Planner, StepPlan, Timed
from ..step_kind import StepArgs, StepKind

PROTOCOLS = ("tcp", "udp")
DIRECTIONS = ("egress", "ingress")


@dataclass(frozen=True, slots=True)
class TrafficStep:
    """Finishes when the traffic has started; it continues in parallel with the next steps."""

    traffic: Traffic

    def plan(self, planner: Planner) -> StepPlan:
        return StepPlan(actions=(Timed(0, self.traffic),))

    def __str__(self) -> str:
        return str(self.traffic)


def _build(read: StepArgs) -> TrafficStep:
    client, protocol = read.get("traffic"), read.get("protocol", "tcp")
    target = read.get("to", SFU_HOST)
    if target == SFU_HOST and SFU_HOST not in read.context.containers:
        read.node.wrong("requires `to: CLIENT`, because this stack has no sfu container")
    if target == client:
        read.wrong("to", "is the client itself; name another client or sfu")
    if protocol == "udp" and "rate" not in read.values:
        read.node.wrong("requires `rate`, because UDP has no congestion control")
    if protocol == "udp" and "congestion" in read.values:
        read.wrong("congestion", "requires protocol tcp")
    reverse = read.get("direction") == "ingress"
    sender, receiver = (target, client) if reverse else (client, target)
    try:
        refuse_hidden(sender, receiver, read.context.stack.uplinks)
    except WrongUse as error:
        read.wrong("traffic", error.message)
    traffic = Traffic(
        client=client,
        target=target,
        protocol=protocol,
        rate_bps=read.get("rate"),
        for_ns=read.get("for"),
        reverse=reverse,
        congestion=read.get("congestion"),
    )
    return TrafficStep(traffic)


KIND = StepKind(
    name="traffic",
    help="send competing traffic from or to a client",
    keys={
        "traffic": keys.one(lambda context: context.known.clients, "client", "the client whose network it shares"),
        "to": keys.one(lambda context: context.containers, "client or sfu", "the other end (default: sfu)"),
        "protocol": keys.word(PROTOCOLS, "tcp (default) or udp"),
        "direction": keys.word(DIRECTIONS, "egress (away from the client, default) or ingress (toward it)"),
        "rate": keys.rate("rate; required for udp, unlimited by default for tcp"),
        "congestion": keys.word(
            get_args(Congestion),
            "TCP congestion control: cubic, reno or bbr (default: cubic, or reno if not available)",
        ),
        "for": keys.time("duration", SECOND_NS, required=True),
    },
    build=_build,
)
