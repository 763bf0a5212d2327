"""Measures the path between two containers of a lab: round trip, delay and loss each way, rates, and path MTU.

All containers of an engine share one clock, so the delay of one way is measured, not half of a round trip. Arrivals
carry the kernel's stamps.
"""

from __future__ import annotations

import json
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from syntheticnet.conditions import Conditions, LinkConditions

from ..control.container_lookup import network_of, uplinks_of
from ..control.running_lab import RunningLab
from ..control.state import ClientState
from ..engine.containers import Container
from ..engine.exec import end, output_of
from ..errors import SynthlabError, WrongUse
from ..runner.traffic import first_line, run_program, start_traffic
from ..scenario.actions import Traffic
from ..stack.uplinks import refuse_hidden
from ..text.durations import SECOND_NS
from ..text.progress import Progress

COUNT, INTERVAL_MS = 10, 100.0
FULL_COUNT, FULL_INTERVAL_MS = 500, 10.0
MOST_MTU = 1500
RATE_S = 3
LEAST_UDP_BPS, MOST_UDP_BPS = 2e6, 100e6
"""UDP is sent at twice the rate that TCP achieved, within these bounds."""
PATIENCE_S = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """One direction of a path. `delays_ms` are of the datagrams that arrived, in the order in which they were sent.

    `rates`: what `tcp` and `udp` achieved, in bit/s; empty if not measured.
    """

    sent: int
    delays_ms: Sequence[float]
    reordered: int
    rates: Mapping[str, float] = field(default_factory=dict)

    @property
    def loss(self) -> float:
        return 1 - len(self.delays_ms) / self.sent if self.sent else 0.0

    def delay_ms(self, share: float) -> float | None:
        """A quantile of the delays, such as 0.5; None if nothing arrived."""
        ordered = sorted(self.delays_ms)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else None


@dataclass(frozen=True, slots=True, kw_only=True)
class PathResult:
    """A measured path from `a` to `b`, with the `addresses` of both. `mtu` is None if not measured, or if 576 fails.

    `rtts_ms` are in the order in which the datagrams were sent. The lab itself lost `discarded` packets meanwhile,
    because this machine was too slow. `nodes` are the machines of both, in a lab on several.
    """

    a: str
    b: str
    addresses: tuple[str, str]
    rtts_ms: Sequence[float]
    there: Way
    back: Way
    full: bool = False
    mtu: int | None = None
    discarded: int = 0
    nodes: tuple[str, str] = ("", "")

    @property
    def lost(self) -> int:
        return self.there.sent - len(self.rtts_ms)

    @property
    def rtt_ms(self) -> float | None:
        """The median."""
        return statistics.median(self.rtts_ms) if self.rtts_ms else None


def ping(lab: RunningLab, a: str, b: str, full: bool, progress: Progress, family: int = 0) -> PathResult:
    """Measure the path from one container to another; `full` takes about 20 s. Raises SynthlabError.

    `family` is 4 or 6, the version of IP; 0: IPv4, or IPv6 where there is no route for IPv4.
    """
    if a == b:
        raise WrongUse(f"ping: '{a}' is both ends; name two")
    uplinks = uplinks_of(lab.members)
    refuse_hidden(a, b, uplinks)
    if full:  # which also sends from b to a
        refuse_hidden(b, a, uplinks)
    source, target = (_running(lab, name) for name in (a, b))
    progress(f"{a} to {b}: datagrams")
    before = _discarded(lab, (a, b))
    result = _datagrams(lab, source, target, (a, b), full, family)
    result = replace(result, discarded=_discarded(lab, (a, b)) - before)
    if not full:
        return result
    # Where a container has several networks, the one that the datagrams took.
    members = [replace(source, address=result.addresses[0]), replace(target, address=result.addresses[1])]
    progress(f"{a} to {b}: rates")
    there = replace(result.there, rates=_rates(lab, members, (a, b), reverse=False))
    progress(f"{b} to {a}: rates")
    return replace(result, there=there, back=replace(result.back, rates=_rates(lab, members, (a, b), reverse=True)))


def links_of(
    states: Mapping[str, ClientState], a: str, b: str, addresses: Mapping[str, str]
) -> list[tuple[str, LinkConditions]]:
    """The links that a datagram from `a` to `b` passes, with what is set there for it; `addresses` are of both."""
    ends = ((a, "egress", b), (b, "ingress", a))
    return [
        (f"{name} {direction}", link_for(state.configured, direction, other, addresses[other]))
        for end_, direction, other in ends
        for name, state in states.items()
        if name.partition("@")[0] == end_
    ]


def link_for(conditions: Conditions, direction: str, other: str, address: str) -> LinkConditions:
    """The values that apply to a datagram from or to another container, on any port."""
    link: LinkConditions = getattr(conditions, direction)
    for flow in conditions.flows:
        match = flow.match
        anywhere = match.name is None and match.network is None
        at_host = match.name == other or anywhere or _within(match.network, address)
        whole = (match.port_min, match.port_max) == (0, 65535) and match.media is None and match.protocol in (None, 17)
        if at_host and whole:
            own: LinkConditions = getattr(flow, direction)
            return own.over(link)
    return link


def _within(network: Any, address: str) -> bool:
    from ipaddress import ip_address

    return network is not None and ip_address(address) in network


def _running(lab: RunningLab, name: str) -> Container:
    container = network_of(lab.name, lab.members, name)
    if container.state != "running":
        raise SynthlabError(f"{name} is not running ({container.status}): start it with `synthlab restart {name}`")
    return container


def _discarded(lab: RunningLab, ends: Sequence[str]) -> int:
    """Packets that the forwarders of both ends have lost so far because this machine was too slow."""
    clients = [client for client in lab.find() if client.name.partition("@")[0] in ends]
    states = lab.states(clients).values()
    return sum(count for state in states for link in state.links.values() for count in link.discarded.values())


def _datagrams(
    lab: RunningLab, source: Container, target: Container, names: tuple[str, str], full: bool, family: int
) -> PathResult:
    engine = lab.backend.engine
    echo = run_program(engine, target, "path_echo")
    try:
        port = first_line(f"ping {names[1]}", target, echo)
        count, interval_ms = (FULL_COUNT, FULL_INTERVAL_MS) if full else (COUNT, INTERVAL_MS)
        arguments = (names[1], port, count, interval_ms, MOST_MTU if full else 0, family)
        probed = json.loads(output_of(run_program(engine, source, "path_probe", *arguments), PATIENCE_S))
        assert echo.stdin
        echo.stdin.close()
        echo.stdin = None
        came = json.loads(output_of(echo, PATIENCE_S))
    finally:
        if echo.poll() is None:
            end(echo, 0.0)
    return replace(_result(names, probed, came, full), nodes=(source.node, target.node))


def _result(names: tuple[str, str], probed: Mapping[str, Any], came: Sequence[Sequence[int]], full: bool) -> PathResult:
    sent: list[int] = probed["sent"]
    arrived = {number: stamp for number, _, stamp in reversed(came) if number < len(sent)}
    back = {number: (answered, stamp) for number, answered, stamp in reversed(probed["back"])}
    return PathResult(
        a=names[0],
        b=names[1],
        addresses=(probed["own"], probed["other"]),
        rtts_ms=[(back[number][1] - sent[number]) / 1e6 for number in sorted(back) if number < len(sent)],
        there=Way(
            sent=len(sent),
            delays_ms=[(arrived[number] - sent[number]) / 1e6 for number in sorted(arrived)],
            reordered=_reordered([number for number, _, _ in came if number < len(sent)]),
        ),
        back=Way(
            sent=len(arrived),
            delays_ms=[(stamp - answered) / 1e6 for _, (answered, stamp) in sorted(back.items())],
            reordered=_reordered([number for number, _, _ in probed["back"]]),
        ),
        full=full,
        mtu=probed.get("mtu"),
    )


def _reordered(numbers: Sequence[int]) -> int:
    """How many arrived after one that was sent later (RFC 4737)."""
    last, late = -1, 0
    for number in numbers:
        late += number < last
        last = max(last, number)
    return late


def _rates(lab: RunningLab, ends: Sequence[Container], names: tuple[str, str], reverse: bool) -> dict[str, float]:
    a, b = names
    tcp = Traffic(client=a, target=b, protocol="tcp", rate_bps=None, for_ns=RATE_S * SECOND_NS, reverse=reverse)
    achieved = _rate(lab, ends, tcp)
    udp = replace(tcp, protocol="udp", rate_bps=min(max(2 * achieved, LEAST_UDP_BPS), MOST_UDP_BPS))
    return {"tcp": achieved, "udp": _rate(lab, ends, udp)}


def _rate(lab: RunningLab, ends: Sequence[Container], traffic: Traffic) -> float:
    """The rate that arrives, in bit/s: of TCP its payload, of UDP whole frames."""
    running = start_traffic(lab.backend.engine, traffic, ends)
    try:
        lab.backend.clock.sleep(RATE_S)
    finally:
        running.stop()
    if error := running.error():
        raise SynthlabError(error)
    if traffic.protocol == "udp":
        return running.rate_bps or 0.0
    return (running.received or 0) * 8 / RATE_S
