"""The pipelines of all networks that one forwarder conditions: mostly of one, of several where the client roams.

Each network has links of its own, all with the same conditions. What is reported is the sum over the networks.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from ..conditions import DIRECTIONS
from ..conditions.files import Files
from ..packets.counters import FlowCounters
from ..packets.top_talkers import BUCKETS, TalkerRow
from .classifier import ControlAccess
from .direction import Pipeline
from .port import make_ports
from .traffic import TrafficCounters, Window


class NetworkSockets(NamedTuple):
    """The packet sockets of one network, outside and inside, and the hosts that reach the control ports there."""

    outer: int
    inner: int
    hosts: Sequence[str] = ()


PipelineKey = tuple[int, str]
"""The number of the network, and the direction."""


def make_pipelines(
    networks: Sequence[NetworkSockets], access: Sequence[ControlAccess], files: Files
) -> dict[PipelineKey, Pipeline]:
    """Both pipelines of each network, with its access to the control ports."""
    ports = make_ports(*[fd for network in networks for fd in (network.outer, network.inner)])
    pipelines: dict[PipelineKey, Pipeline] = {}
    for number, control in enumerate(access):
        outer, inner = ports[2 * number : 2 * number + 2]
        pipelines[number, "ingress"] = Pipeline("ingress", outer, inner, control, files)
        pipelines[number, "egress"] = Pipeline("egress", inner, outer, control, files)
    return pipelines


def by_direction(pipelines: Mapping[PipelineKey, Pipeline]) -> dict[str, list[Pipeline]]:
    return {name: [one for (_, theirs), one in pipelines.items() if theirs == name] for name in DIRECTIONS}


def summed_flows(networks: Sequence[Mapping[str, FlowCounters]]) -> Mapping[str, FlowCounters]:
    """The counters of each flow, over all networks."""
    first, *more = networks
    return {name: FlowCounters.total([first[name], *(one[name] for one in more if name in one)]) for name in first}


def link_report(pipelines: Sequence[Pipeline], now: int, total: FlowCounters) -> dict[str, Any]:
    """Like `Pipeline.report`, of all networks together; `total` is the sum of their counters."""
    first, *more = [one.report(now, total) for one in pipelines]
    for other in more:
        first["bypassed"] += other["bypassed"]
        for what, count in other["forgotten"].items():
            first["forgotten"][what] += count
    return first


def worst_lateness(pipelines: Iterable[Pipeline], now: int) -> dict[str, float]:
    """Of each quantile that of the latest network; empty if nothing was sent."""
    worst: dict[str, float] = {}
    for pipeline in pipelines:
        for name, value in pipeline.lateness.report(now).items():
            worst[name] = max(value, worst.get(name, 0.0))
    return worst


def summed_talkers(networks: Sequence[list[TalkerRow]]) -> list[TalkerRow]:
    """The busiest peers over all networks."""
    if len(networks) == 1:
        return networks[0]
    sums: dict[int, tuple[int, int]] = {}
    for packets, bits, peer in (row for rows in networks for row in rows):
        before = sums.get(peer, (0, 0))
        sums[peer] = before[0] + packets, before[1] + bits
    return sorted(((packets, bits, peer) for peer, (packets, bits) in sums.items()), reverse=True)[:BUCKETS]


def summed_windows(networks: Sequence[Window | None]) -> Window | None:
    """One second's live traffic over all networks; None if nobody watched one of them until now."""
    if len(networks) == 1:
        return networks[0]
    summed: Window = {}
    for window in networks:
        if window is None:
            return None
        for key, counters in window.items():
            _add(summed.setdefault(key, TrafficCounters()), counters)
    return summed


def _add(sums: TrafficCounters, more: TrafficCounters) -> None:
    for name in ("packets", "bytes", "delay", "bytes_dropped"):
        setattr(sums, name, getattr(sums, name) + getattr(more, name))
    if more.dropped is not None:
        sums.dropped = more.dropped + (sums.dropped or more.dropped.__class__())
