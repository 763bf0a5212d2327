"""`traffic`: competing traffic between a client and another container of the lab, for a time."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import get_args

from ...contract import SFU_HOST
from ...errors import WrongUse
from ...stack.uplinks import refuse_hidden
from ...stack.yaml import Node
from ...text.durations import MS_NS, SECOND_NS
from .. import keys
from ..actions import Congestion, Traffic
from ..model import Planner, StepPlan, Timed
from ..step_kind import Context, StepArgs, StepKind
from ..traffic_patterns import CHUNK_NS, MOST_FILES, PAGE_FILES, OnOff, Pattern, Steady, VideoOnDemand, WebPages

PROTOCOLS = ("tcp", "udp")
DIRECTIONS = ("egress", "ingress")
WEB, VIDEO = PATTERNS = ("web", "video-on-demand")
STARTS = ("on", "off")
MOST_FLOWS = 32
LEAST_PHASE_NS = 100 * MS_NS
_NAME = re.compile(r"[A-Za-z_][\w-]*")
_OF_PATTERN = {"files": WEB, "chunk": VIDEO}
"""Keys that only one pattern has."""


@dataclass(frozen=True, slots=True)
class TrafficStep:
    """Finishes when the traffic has started; it continues in parallel with the next steps."""

    traffic: Traffic
    count: int

    def plan(self, planner: Planner) -> StepPlan:
        traffic = self.traffic
        flows = (tuple(traffic.pattern.transfers(traffic.for_ns, planner.random)) for _ in range(self.count))
        return StepPlan(actions=(Timed(0, replace(traffic, flows=tuple(flows))),))

    def __str__(self) -> str:
        return str(replace(self.traffic, flows=self.traffic.flows * self.count))


def _build(read: StepArgs) -> TrafficStep:
    client, protocol = read.get("traffic"), read.get("protocol", "tcp")
    target = read.get("to", SFU_HOST)
    if target == SFU_HOST and SFU_HOST not in read.context.containers:
        read.node.wrong("requires `to: CLIENT`, because this stack has no sfu container")
    if target == client:
        read.wrong("to", "is the client itself; name another client or sfu")
    _check_protocol(read, protocol)
    pattern = _pattern(read)
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
        rate_bps=None if isinstance(pattern, VideoOnDemand) else read.get("rate"),
        for_ns=read.get("for"),
        reverse=reverse,
        congestion=read.get("congestion"),
        name=read.get("name", protocol),
        pattern=pattern,
    )
    return TrafficStep(traffic, _count(read, pattern))


def _check_protocol(read: StepArgs, protocol: str) -> None:
    if protocol == "tcp":
        return
    if "rate" not in read.values:
        read.node.wrong("requires `rate`, because UDP has no congestion control")
    for key in ("congestion", "pattern"):
        if key in read.values:
            read.wrong(key, "requires protocol tcp")


def _pattern(read: StepArgs) -> Pattern:
    """The pattern that the keys describe; raises WrongUse for keys that do not go together."""
    named, paused = read.get("pattern"), read.get("starts") == "off"
    for key, needed in _OF_PATTERN.items():
        if key in read.values and named != needed:
            read.wrong(key, f"requires pattern {needed}")
    if "on" in read.values or "off" in read.values:
        return _on_off(read, paused)
    if "starts" in read.values and named != WEB:
        read.wrong("starts", f"requires on and off, or pattern {WEB}")
    if named == WEB:
        return WebPages(files=read.get("files", PAGE_FILES), paused=paused)
    if named == VIDEO:
        if "rate" not in read.values:
            read.node.wrong(f"pattern {VIDEO} requires `rate`, the bit rate of the video")
        return VideoOnDemand(rate_bps=read.get("rate"), chunk_ns=read.get("chunk", CHUNK_NS))
    return Steady()


def _on_off(read: StepArgs, paused: bool) -> OnOff:
    for key, other in (("on", "off"), ("off", "on")):
        if other not in read.values:
            read.wrong(key, f"requires {other}")
    if "pattern" in read.values:
        read.wrong("pattern", "cannot be combined with on and off")
    return OnOff(on_ns=read.get("on"), off_ns=read.get("off"), paused=paused)


def _count(read: StepArgs, pattern: Pattern) -> int:
    """The number of flows; raises WrongUse for more web pages than can be planned."""
    count: int = read.get("flows", 1)
    if isinstance(pattern, WebPages):
        files = count * pattern.files * read.get("for") / (10 * SECOND_NS)
        if files > MOST_FILES:
            read.wrong("for", f"is too long: these pages have some {files:.0f} files, at most {MOST_FILES} are allowed")
    return count


def _read_name(node: Node, _: Context) -> str:
    name = node.text("a name such as upload")
    return name if _NAME.fullmatch(name) else node.wrong(f"{node.quoted()} is not a name of letters, digits, - and _")


KIND = StepKind(
    name="traffic",
    help="send competing traffic from or to a client",
    keys={
        "traffic": keys.one(lambda context: context.known.clients, "client", "the client whose network it shares"),
        "to": keys.one(lambda context: context.containers, "client or sfu", "the other end (default: sfu)"),
        "protocol": keys.word(PROTOCOLS, "tcp (default) or udp"),
        "direction": keys.word(DIRECTIONS, "egress (away from the client, default) or ingress (toward it)"),
        "rate": keys.rate("rate of each flow; required for udp and video-on-demand, unlimited by default for tcp"),
        "congestion": keys.word(
            get_args(Congestion),
            "TCP congestion control: cubic, reno or bbr (default: cubic, or reno if not available)",
        ),
        "flows": keys.whole(1, MOST_FLOWS, "number of flows, each over a connection of its own (default: 1)"),
        "on": keys.time("how long each flow sends, again and again", LEAST_PHASE_NS),
        "off": keys.time("how long it then pauses", LEAST_PHASE_NS),
        "pattern": keys.word(PATTERNS, "web (pages and pauses) or video-on-demand (chunks and pauses), over tcp"),
        "files": keys.whole(1, 100, f"files of a web page, all fetched at once (default: {PAGE_FILES})"),
        "chunk": keys.time("duration of the video in a chunk (default: 6s)", LEAST_PHASE_NS),
        "starts": keys.word(STARTS, "on (default) or off: whether on/off or web begin with a pause"),
        "name": keys.plain(_read_name, keys.TEXT_SCHEMA, "its name in numbers (default: its protocol)"),
        "for": keys.time("duration", SECOND_NS, required=True),
    },
    build=_build,
)
