"""Applies a `/qos` spec, the wire format of existing scripts, to the conditions in force."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from ipaddress import IPv4Address, IPv4Network
from typing import Any

from ..conditions import Conditions, ConditionsError, Flow, FlowMatch, LinkConditions
from ..conditions.flow import MAX_PORT, WITH_PORTS
from .qos_format import (
    DEFAULT,
    LABEL,
    LINKS,
    MAX_MS,
    UNLIMITED_BPS,
    labelled,
    written,
    written_match,
    written_values,
)

# Per packet on top of its frame: preamble, frame checksum and gap of Ethernet.
OVERHEAD_BYTES = 24

_VALUES = ("rate", "loss", "latency", "jitter", "jitter_strength", "reorder_packets")
_FLOW = ("ip", "protocol", "port_min", "port_max")

# Fields of the spec; if any of them changes: our values that are set, and those that are cleared as contradictions.
_TOUCHED: tuple[tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]], ...] = (
    (("rate",), ("rate_bps", "overhead_bytes", "outage"), ("rate_trace", "reject")),
    (
        ("loss",),
        ("loss",),
        ("loss_burst", "loss_correlation", "loss_gemodel", "loss_state", "loss_every", "loss_list"),
    ),
    (
        ("latency", "jitter", "jitter_strength", "reorder_packets"),
        ("latency_ns", "jitter_ns", "distribution", "jitter_share", "reordering"),
        ("jitter_table", "jitter_correlation"),
    ),
)


def parse(spec: object) -> Conditions:
    """The conditions that a spec means on a perfect network; raises ConditionsError. Unknown keys are ignored."""
    _require(spec, ("default_link", "flows"), "")
    assert isinstance(spec, Mapping)
    links = _parse_links(spec["default_link"], "default_link")
    if not isinstance(spec["flows"], list):
        raise ConditionsError("is not a list", "flows")
    flows = tuple(_parse_flow(flow, f"flows[{index}]") for index, flow in enumerate(spec["flows"]))
    names = [flow.name for flow in flows]
    for name in names:
        if names.count(name) > 1:
            raise ConditionsError(f"label {name!r} is used twice; labels must be unique", "flows")
    return Conditions(ingress=links["ingress"], egress=links["egress"], flows=flows)


def changed(present: Conditions, spec: object) -> Conditions:
    """`present` with the values in which a spec differs from `written(present)`; raises ConditionsError.

    Read back, the result is that spec again. Scripts read, edit and post whole specs, so values that the format cannot
    express must survive unless the spec changes a value that contradicts them. What is muted cannot be expressed: a
    muted link loses its values when the spec sets others, a muted flow when another one takes its name. Another spec
    than that of their state ends the walk between states.
    """
    if present.state is not None:
        if written(parse(spec)) == written(present):
            return present
        present = present.in_state(present.state)
    requested, shown = parse(spec), present.in_force()
    links = {name: _touched(getattr(shown, name), getattr(requested, name), LinkConditions()) for name in LINKS}
    known = labelled(shown.flows)
    flows = {flow.name: _changed_flow(known.get(flow.name), flow, links) for flow in requested.flows}
    ordered = tuple(_in_order(present.flows, known, flows))
    if all(links[name] == getattr(shown, name) for name in LINKS):
        return replace(present, flows=ordered)
    return replace(present, ingress=links["ingress"], egress=links["egress"], muted=False, flows=ordered)


def _changed_flow(present: Flow | None, requested: Flow, links: Mapping[str, LinkConditions]) -> Flow:
    if present is None:
        return requested
    same = written_match(present.match) == written_match(requested.match)
    named = present if same else replace(present, name=requested.name, match=requested.match)
    own = {name: _touched(getattr(present, name), getattr(requested, name), link) for name, link in links.items()}
    return replace(named, ingress=own["ingress"], egress=own["egress"])


def _touched(present: LinkConditions, requested: LinkConditions, link: LinkConditions) -> LinkConditions:
    """Set the values of a direction that the request changes; a flow's values are compared on top of its `link`'s."""
    before, after = written_values(present.over(link)), written_values(requested)
    for keys, fields, contradicting in _TOUCHED:
        if any(before[key] != after[key] for key in keys):
            cleared = dict.fromkeys((*fields, *contradicting))
            present = replace(present, **cleared | {name: getattr(requested, name) for name in fields})
    return present


def _in_order(flows: Sequence[Flow], known: Mapping[str, Flow], requested: Mapping[str, Flow]) -> Iterable[Flow]:
    """The requested flows in order; a flow that the format cannot show stays in front of the flow it preceded."""
    labels = {flow.name: label for label, flow in known.items()}
    taken = {flow.name for flow in requested.values()}
    waiting: list[Flow] = []
    before: dict[str, list[Flow]] = {}
    for flow in flows:
        if flow.name not in labels:
            waiting += [flow] if flow.name not in taken else []
        elif labels[flow.name] in requested:
            before[labels[flow.name]], waiting = waiting, []
    for label, flow in requested.items():
        yield from (*before.get(label, ()), flow)
    yield from waiting


def _parse_flow(flow: object, where: str) -> Flow:
    _require(flow, ("label", "flow", "link"), where)
    assert isinstance(flow, Mapping)
    label = flow["label"]
    if not isinstance(label, str) or not LABEL.fullmatch(label) or label == DEFAULT:
        raise ConditionsError(
            f"{label!r} is not a label: use letters, digits and _, but not 'default'", f"{where}.label"
        )
    _require(flow["flow"], _FLOW, f"{where}.flow")
    match = _parse_match(flow["flow"], f"{where}.flow")
    links = _parse_links(flow["link"], f"{where}.link")
    own = {name: replace(link, outage=bool(link.outage)) for name, link in links.items()}
    return Flow(name=label, match=match, ingress=own["ingress"], egress=own["egress"])


def _parse_match(values: Mapping[str, Any], where: str) -> FlowMatch:
    ip = _whole(values["ip"], 0, 2**32 - 1, f"{where}.ip")
    protocol = _whole(values["protocol"], 0, 255, f"{where}.protocol")
    low = _whole(values["port_min"], 0, MAX_PORT, f"{where}.port_min")
    high = _whole(values["port_max"], low, MAX_PORT, f"{where}.port_max")
    if (low, high) != (0, MAX_PORT) and protocol and protocol not in WITH_PORTS:
        raise ConditionsError(f"protocol {protocol} has no ports; only 6 (TCP), 17 (UDP) and 132 (SCTP) do", where)
    network = IPv4Network(IPv4Address(ip.to_bytes(4, "little"))) if ip else None
    return FlowMatch(network, None, protocol or None, low, high)


def _parse_links(links: object, where: str) -> dict[str, LinkConditions]:
    _require(links, LINKS, where)
    assert isinstance(links, Mapping)
    return {direction: _parse_values(links[direction], f"{where}.{direction}") for direction in LINKS}


def _parse_values(values: object, where: str) -> LinkConditions:
    """Sets all six values, so that a flow inherits none from its link. A rate of 0 drops everything."""
    _require(values, _VALUES, where)
    assert isinstance(values, Mapping)
    rate = _number(values["rate"], 0, math.inf, "a number of bit/s, 0 or more", f"{where}.rate")
    limited = 0 < rate < UNLIMITED_BPS
    if not isinstance(values["reorder_packets"], bool):
        raise ConditionsError(f"{values['reorder_packets']!r} is not true or false", f"{where}.reorder_packets")
    return LinkConditions(
        rate_bps=rate if limited else math.inf,
        overhead_bytes=OVERHEAD_BYTES if limited else None,
        outage=None if rate else True,
        loss=_share(values["loss"], f"{where}.loss"),
        latency_ns=_whole(values["latency"], 0, MAX_MS, f"{where}.latency", "a whole number of ms") * 1_000_000,
        jitter_ns=_whole(values["jitter"], 0, MAX_MS, f"{where}.jitter", "a whole number of ms") * 1_000_000,
        distribution="one-sided",
        jitter_share=_share(values["jitter_strength"], f"{where}.jitter_strength"),
        reordering=values["reorder_packets"],
    )


def _require(values: object, keys: tuple[str, ...], where: str) -> None:
    if not isinstance(values, Mapping):
        raise ConditionsError(f"is not an object with {', '.join(keys)}", where)
    for key in keys:
        if key not in values:
            raise ConditionsError("is missing", f"{where}.{key}" if where else key)


def _share(value: object, where: str) -> float:
    """Values above 1 count as 1; existing scripts send them."""
    return min(_number(value, 0, math.inf, "a share from 0 to 1", where), 1)


def _whole(value: object, low: int, high: int, where: str, what: str = "a whole number") -> int:
    allowed = f"{what} from {low} to {high}"
    number = _number(value, low, high, allowed, where)
    if number != int(number):
        raise ConditionsError(f"{value!r} is not {allowed}", where)
    return int(number)


def _number(value: object, low: float, high: float, allowed: str, where: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        raise ConditionsError(f"{value!r} is not {allowed}", where)
    return value
