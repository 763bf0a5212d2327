"""Samples for charts: once a second, what is set on each panel and what was measured there. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from itertools import islice
from typing import Any

from ..conditions import DIRECTIONS, Conditions, LinkConditions
from .qos_format import long_run_loss

MOST_PANELS = 64
"""Flows in a sample: 64 take a browser's whole screen, and keep a sample at 30 kB."""
ALL = "default"
"""The panel of the whole link, flows included."""

_MEASURED = ("rate_bps", "loss", "delay_p50_ms", "delay_p99_ms")

Report = Mapping[str, Any]
PanelValues = Mapping[str, Mapping[str, Mapping[str, float]]]
"""Panel -> direction -> name -> number."""


def shown_flows(report: Report) -> list[str]:
    """The flows that have panels: the first in order."""
    return list(islice(flow_names(report["conditions"]), MOST_PANELS))


def flow_names(conditions: Mapping[str, Any]) -> list[str]:
    """The flows in written conditions, in order; then those that only their state has."""
    present = conditions.get("states", {}).get(conditions.get("state"), {})
    return list(dict.fromkeys((*conditions.get("flows", ()), *present.get("flows", ()))))


def in_force(conditions: Mapping[str, Any], flows: Iterable[str]) -> dict[str, dict[str, LinkConditions]]:
    """The values in force by panel and direction: those of the link, and those of these flows over the link's."""
    shown, written = set(flows), conditions.get("flows", {})
    # Only those that are asked for, as there may be a thousand; but states may name any.
    few = written if "states" in conditions else {name: flow for name, flow in written.items() if name in shown}
    parsed = Conditions.from_dict({**conditions, "flows": few}).in_force()
    links = {direction: getattr(parsed, direction) for direction in DIRECTIONS}
    own = [flow for flow in parsed.flows if flow.name in shown]
    over = {flow.name: {name: getattr(flow, name).over(link) for name, link in links.items()} for flow in own}
    return {
        panel: {direction: values.effective() for direction, values in its.items()}
        for panel, its in {ALL: links, **over}.items()
    }


def set_values(conditions: Mapping[str, Any], flows: Iterable[str]) -> PanelValues:
    """The main values in force as numbers, by panel and direction."""
    return {
        panel: {direction: _numbers(values) for direction, values in its.items()}
        for panel, its in in_force(conditions, flows).items()
    }


def sample(report: Report, before: Report | None, values_set: PanelValues, unix_ms: int) -> dict[str, Any]:
    """What a report says of each panel; `before` is the report of a second ago, which per-second counts need."""
    flows = shown_flows(report)
    # A restarted forwarder counts from 0.
    if before and before["forwarder"]["restarts"] != report["forwarder"]["restarts"]:
        before = None
    seconds = (report["monotonic_ns"] - before["monotonic_ns"]) / 1e9 if before else 0.0
    counted, earlier = _panels(report, flows), _panels(before, flows) if before else {}
    values: dict[str, Any] = {
        "t_ms": unix_ms,
        "monotonic_ns": report["monotonic_ns"],
        "panels": {
            panel: {
                direction: {"set": values_set.get(panel, {}).get(direction, {})}
                | _measured(counts, earlier.get(panel, {}).get(direction), seconds)
                for direction, counts in its.items()
            }
            for panel, its in counted.items()
        },
    }
    more = len(flow_names(report["conditions"])) - len(flows)
    return values | ({"more_flows": more} if more > 0 else {})


def _panels(report: Report, flows: Iterable[str]) -> dict[str, Mapping[str, Any]]:
    counted = {name: report["flows"][name] for name in flows if name in report["flows"]}
    return {ALL: {direction: report["links"][direction] for direction in DIRECTIONS}, **counted}


def _numbers(values: LinkConditions) -> dict[str, float]:
    """Those that are set. Where nothing may pass, the rate is 0."""
    numbers: dict[str, float] = {}
    if values.outage or values.reject:
        numbers["rate_bps"] = 0
    elif values.rate_bps is not None and not math.isinf(values.rate_bps):
        numbers["rate_bps"] = values.rate_bps
    if values.latency_ns is not None:
        numbers["latency_ms"] = values.latency_ns / 1e6
    if values.jitter_ns is not None:
        numbers["jitter_ms"] = values.jitter_ns / 1e6
    if any((values.loss, values.loss_every, values.loss_gemodel, values.loss_state)):
        numbers["loss"] = long_run_loss(values)
    return numbers


def _measured(counts: Mapping[str, Any], before: Mapping[str, Any] | None, seconds: float) -> dict[str, Any]:
    """What is known: counts per second only if the flow has been counted since `before`."""
    values = {name: counts["achieved"][name] for name in _MEASURED if name in counts["achieved"]}
    values["queued"] = counts["queued"]
    if before is None or seconds <= 0 or counts["packets_in"] < before["packets_in"]:
        return values
    packets = counts["packets_out"] - before["packets_out"]
    dropped = {cause: count - before["dropped"].get(cause, 0) for cause, count in counts["dropped"].items()}
    return values | {
        "packets_s": round(packets / seconds, 1),
        "dropped_s": {cause: round(count / seconds, 1) for cause, count in dropped.items() if count > 0},
    }
