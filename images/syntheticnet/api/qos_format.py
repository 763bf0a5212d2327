"""Writes conditions in the `/qos` format, or the nearest it can express."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from ipaddress import IPv4Network, IPv6Network
from typing import Any

from ..conditions import Conditions, Flow, FlowMatch, LinkConditions
from ..conditions.losses import FourState, GilbertElliott

# The format cannot say "no limit": a rate of 10 Gbit/s or more means that.
UNLIMITED_BPS = 10_000_000_000
MAX_MS = 60_000
LABEL = re.compile(r"[A-Za-z0-9_]+")
DEFAULT = "default"
LINKS = ("ingress", "egress")


def written(conditions: Conditions) -> dict[str, Any]:
    """The spec for `conditions`, or the nearest to them; flows that are muted, or cannot be named, are left out."""
    shown = conditions.in_force()
    links = {direction: getattr(shown, direction) for direction in LINKS}
    return {
        "default_link": {direction: written_values(link) for direction, link in links.items()},
        "flows": [
            {
                "label": label,
                "flow": written_match(flow.match),
                "link": {name: written_values(getattr(flow, name).over(link)) for name, link in links.items()},
            }
            for label, flow in labelled(shown.flows).items()
        ],
    }


def labelled(flows: tuple[Flow, ...]) -> dict[str, Flow]:
    """The flows that the format can name, by label: the name, or what a label can hold of it, made unique."""
    named = [flow for flow in flows if is_nameable(flow.match)]
    taken = {flow.name for flow in named}
    labels: dict[str, Flow] = {}
    for flow in named:
        label = flow.name
        if not LABEL.fullmatch(label) or label == DEFAULT:
            label = next(other for other in _labels(label) if other not in taken)
            taken.add(label)
        labels[label] = flow
    return labels


def is_nameable(match: FlowMatch) -> bool:
    """Whether it matches one IPv4 address or all addresses, and does not depend on media types."""
    return match.name is None and match.media is None and (match.network is None or _is_ipv4_address(match.network))


def written_match(match: FlowMatch) -> dict[str, int]:
    address = match.network.network_address.packed if match.network else bytes(4)
    return {
        "ip": int.from_bytes(address, "little"),
        "protocol": match.protocol or 0,
        "port_min": match.port_min,
        "port_max": match.port_max,
    }


def written_values(values: LinkConditions) -> dict[str, Any]:
    """A link's values. Conditions with no constant loss or delay (queue, mtu, duplicates, traces) are left out."""
    latency, jitter, strength = _delay_ms(values)
    return {
        "rate": _rate_bps(values),
        "loss": long_run_loss(values),
        "latency": latency,
        "jitter": jitter,
        "jitter_strength": strength,
        "reorder_packets": bool(values.reordering),
    }


def long_run_loss(values: LinkConditions) -> float:
    """The long-run share of lost packets; several loss models count as independent."""
    shares = [
        values.loss,
        1 / values.loss_every if values.loss_every else None,
        _lost_by_two_states(values.loss_gemodel) if values.loss_gemodel else None,
        _lost_by_four_states(values.loss_state) if values.loss_state else None,
    ]
    causes = [share for share in shares if share is not None]
    return causes[0] if len(causes) == 1 else 1.0 - math.prod(1 - share for share in causes)


def _is_ipv4_address(network: IPv4Network | IPv6Network) -> bool:
    return network.version == 4 and network.prefixlen == network.max_prefixlen


def _labels(name: str) -> Iterator[str]:
    """Labels resembling a name: `udp`, `udp_2`, ... for `*:udp`."""
    plain = re.sub(r"[^A-Za-z0-9]+", "_", name).strip("_") or "flow"
    if plain != DEFAULT:
        yield plain
    number = 2
    while True:
        yield f"{plain}_{number}"
        number += 1


def _rate_bps(values: LinkConditions) -> int:
    """0 if nothing may pass."""
    if values.outage or values.reject:
        return 0
    if values.rate_bps is None or math.isinf(values.rate_bps):
        return UNLIMITED_BPS
    return min(max(round(values.rate_bps), 1), UNLIMITED_BPS)


def _lost_by_two_states(model: GilbertElliott) -> float:
    turning = model.to_bad + model.to_good
    bad = model.to_bad / turning if turning else 0.0
    return bad * model.lost_in_bad + (1 - bad) * model.lost_in_good


def _lost_by_four_states(model: FourState) -> float:
    """The share of the lossy states 3 and 4 in the chain's stationary distribution; a burst may never end."""
    within = model.p32 / model.p23 if model.p23 else math.inf if model.p32 else 0.0  # visits to state 2 per visit to 3
    if not model.p13:
        return model.p14 / (1 + model.p14)
    if not model.p31:
        return 1 / (1 + within)
    burst = model.p13 / model.p31  # visits to state 3 per visit to 1
    return (model.p14 + burst) / (1 + model.p14 + burst + burst * within)


def _delay_ms(values: LinkConditions) -> tuple[int, int, float]:
    """Latency and jitter in whole ms, and the share of jittered packets: L±J becomes L-J with one-sided jitter 2J."""
    latency, jitter = values.latency_ns or 0, values.jitter_ns or 0
    share = 1.0 if values.jitter_share is None else values.jitter_share
    if share == 1.0 and values.distribution != "one-sided":
        latency, jitter = max(latency - jitter, 0), min(latency, jitter) + jitter
    jittered = share if jitter or values.jitter_share is not None else 0.0
    return _whole_ms(latency), _whole_ms(jitter), jittered


def _whole_ms(ns: int) -> int:
    return min((ns + 500_000) // 1_000_000, MAX_MS)
