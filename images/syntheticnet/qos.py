"""The wire format that existing scripts speak: `/qos` as JSON to and from conditions."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from ipaddress import IPv4Address, IPv4Network, IPv6Network
from typing import Any

from .conditions import Conditions, ConditionsError, Flow, FlowMatch, LinkConditions, refuse_unknown
from .conditions.flow import MAX_PORT, WITH_PORTS

# The rate that the format, which has no word for "none", uses for an unlimited link (10 Gbit/s and more).
UNLIMITED_BPS = 10_000_000_000
# What each packet costs beside its frame: preamble, checksum and gap.
OVERHEAD_BYTES = 24
MAX_MS = 60_000

_LABEL = re.compile(r"[A-Za-z0-9_]+")
_LINKS = ("ingress", "egress")
_VALUES = ("rate", "loss", "latency", "jitter", "jitter_strength", "reorder_packets")
_FLOW = ("ip", "protocol", "port_min", "port_max")


# The values that a spec is made of; conditions that name any other have no such form.
_EXPRESSIBLE = frozenset(
    {
        "rate_bps",
        "overhead_bytes",
        "loss",
        "latency_ns",
        "jitter_ns",
        "distribution",
        "jitter_share",
        "reordering",
    }
)


class Inexpressible(Exception):
    """Conditions that the format has no words for."""


def parse(spec: object) -> Conditions:
    """The conditions that a spec asks for; raises ConditionsError."""
    _require(spec, ("default_link", "flows"), "")
    assert isinstance(spec, Mapping)
    links = _parse_links(spec["default_link"], "default_link")
    if not isinstance(spec["flows"], list):
        raise ConditionsError("is not a list", "flows")
    flows = tuple(_parse_flow(flow, f"flows[{index}]") for index, flow in enumerate(spec["flows"]))
    names = [flow.name for flow in flows]
    for name in names:
        if names.count(name) > 1:
            raise ConditionsError(f"label {name!r} is used twice; labels are unique", "flows")
    return Conditions(ingress=links["ingress"], egress=links["egress"], flows=flows)


def written(conditions: Conditions) -> dict[str, Any]:
    """The spec that says the same as `conditions`; raises Inexpressible where the format cannot."""
    links = {"ingress": conditions.ingress, "egress": conditions.egress}
    return {
        "default_link": {direction: _written_values(link, direction) for direction, link in links.items()},
        "flows": [_written_flow(flow, links) for flow in conditions.flows],
    }


def _parse_flow(flow: object, where: str) -> Flow:
    _require(flow, ("label", "flow", "link"), where)
    assert isinstance(flow, Mapping)
    label = flow["label"]
    if not isinstance(label, str) or not _LABEL.fullmatch(label) or label == "default":
        raise ConditionsError(f"{label!r} is not a label of letters, digits and _ (and not default)", f"{where}.label")
    _require(flow["flow"], _FLOW, f"{where}.flow")
    return Flow(
        name=label, match=_parse_match(flow["flow"], f"{where}.flow"), **_parse_links(flow["link"], f"{where}.link")
    )


def _parse_match(values: Mapping[str, Any], where: str) -> FlowMatch:
    ip = _whole(values["ip"], 0, 2**32 - 1, f"{where}.ip")
    protocol = _whole(values["protocol"], 0, 255, f"{where}.protocol")
    low = _whole(values["port_min"], 0, MAX_PORT, f"{where}.port_min")
    high = _whole(values["port_max"], low, MAX_PORT, f"{where}.port_max")
    if (low, high) != (0, MAX_PORT) and protocol and protocol not in WITH_PORTS:
        raise ConditionsError(
            f"protocol {protocol} has no ports; those of 6 (TCP), 17 (UDP) and 132 (SCTP) can be given", where
        )
    network = IPv4Network(IPv4Address(ip.to_bytes(4, "little"))) if ip else None
    return FlowMatch(network, None, protocol or None, low, high)


def _parse_links(links: object, where: str) -> dict[str, LinkConditions]:
    _require(links, _LINKS, where)
    assert isinstance(links, Mapping)
    return {direction: _parse_values(links[direction], f"{where}.{direction}") for direction in _LINKS}


def _parse_values(values: object, where: str) -> LinkConditions:
    """All six values, so that a flow shares nothing with its link."""
    _require(values, _VALUES, where)
    assert isinstance(values, Mapping)
    rate = _number(values["rate"], 1, math.inf, f"{where}.rate")
    limited = rate < UNLIMITED_BPS
    if not isinstance(values["reorder_packets"], bool):
        raise ConditionsError(f"{values['reorder_packets']!r} is not true or false", f"{where}.reorder_packets")
    return LinkConditions(
        rate_bps=rate if limited else math.inf,
        overhead_bytes=OVERHEAD_BYTES if limited else None,
        loss=_number(values["loss"], 0, 1, f"{where}.loss"),
        latency_ns=_whole(values["latency"], 0, MAX_MS, f"{where}.latency") * 1_000_000,
        jitter_ns=_whole(values["jitter"], 0, MAX_MS, f"{where}.jitter") * 1_000_000,
        distribution="one-sided",
        jitter_share=_number(values["jitter_strength"], 0, 1, f"{where}.jitter_strength"),
        reordering=values["reorder_packets"],
    )


def _written_flow(flow: Flow, links: Mapping[str, LinkConditions]) -> dict[str, Any]:
    match = flow.match
    if match.name is not None or (match.network is not None and not _is_ipv4_address(match.network)):
        raise Inexpressible(f"flow '{match}' is not one IPv4 address or any")
    if match.media is not None:
        raise Inexpressible(f"flow '{match}' tells packets apart by their media")
    if not _LABEL.fullmatch(flow.name):
        raise Inexpressible(f"the name of flow '{flow.name}' is not a label")
    address = match.network.network_address.packed if match.network else bytes(4)
    return {
        "label": flow.name,
        "flow": {
            "ip": int.from_bytes(address, "little"),
            "protocol": match.protocol or 0,
            "port_min": match.port_min,
            "port_max": match.port_max,
        },
        "link": {
            direction: _written_share(getattr(flow, direction), link, f"flows.{flow.name}.{direction}")
            for direction, link in links.items()
        },
    }


def _is_ipv4_address(network: IPv4Network | IPv6Network) -> bool:
    return network.version == 4 and network.prefixlen == network.max_prefixlen


def _written_share(own: LinkConditions, link: LinkConditions, where: str) -> dict[str, Any]:
    """All values of a flow, those that it does not name as its link has them."""
    if own.rate_bps is None and not _is_unlimited(link):
        raise Inexpressible(f"{where}: shares the bottleneck of its link")
    return _written_values(own.over(link), where)


def _is_unlimited(values: LinkConditions) -> bool:
    return values.rate_bps is None or math.isinf(values.rate_bps)


def _written_values(values: LinkConditions, where: str) -> dict[str, Any]:
    for item, _ in values.named():
        if item.name not in _EXPRESSIBLE:
            raise Inexpressible(f"{where}: {item.metadata['name']}")
    unlimited = _is_unlimited(values)
    if not unlimited and values.overhead_bytes != OVERHEAD_BYTES:
        raise Inexpressible(f"{where}: a rate that counts no 24 octets a packet")
    latency, jitter, strength = _written_delay(values, where)
    return {
        "rate": UNLIMITED_BPS if unlimited else round(values.rate_bps or 0),
        "loss": values.loss or 0.0,
        "latency": latency,
        "jitter": jitter,
        "jitter_strength": strength,
        "reorder_packets": bool(values.reordering),
    }


def _written_delay(values: LinkConditions, where: str) -> tuple[int, int, float]:
    """Latency and jitter in whole ms, and the share of jittered packets; L±J is said as L-J and a share of 2J."""
    latency, jitter = values.latency_ns or 0, values.jitter_ns or 0
    share = 1.0 if values.jitter_share is None else values.jitter_share
    if values.distribution not in (None, "uniform", "one-sided"):
        raise Inexpressible(f"{where}: distribution {values.distribution}")
    if jitter and values.distribution != "one-sided":
        if latency < jitter or share < 1.0:
            raise Inexpressible(f"{where}: jitter to both sides of the latency")
        latency, jitter = latency - jitter, 2 * jitter
    if latency % 1_000_000 or jitter % 1_000_000:
        raise Inexpressible(f"{where}: times that are not whole milliseconds")
    return latency // 1_000_000, jitter // 1_000_000, share if jitter or values.jitter_share is not None else 0.0


def _require(values: object, keys: tuple[str, ...], where: str) -> None:
    if not isinstance(values, Mapping):
        raise ConditionsError(f"is not an object with {', '.join(keys)}", where)
    try:
        refuse_unknown(values, keys)
    except ConditionsError as error:
        raise error.under(where) if where else error from None
    for key in keys:
        if key not in values:
            raise ConditionsError("is missing", f"{where}.{key}" if where else key)


def _number(value: object, low: float, high: float, where: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        raise ConditionsError(f"{value!r} is not a number from {low} to {high}", where)
    return value


def _whole(value: object, low: int, high: int, where: str) -> int:
    number = _number(value, low, high, where)
    if number != int(number):
        raise ConditionsError(f"{value!r} is not a whole number", where)
    return int(number)
