"""Metrics of this client in the text format of Prometheus.

Units are in the names. Counters belong to the flows that exist: one that is removed takes its counters with it, while
those of the link go on. Both begin at 0 when the forwarder is restarted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from ..conditions import DIRECTIONS, LinkConditions, QueueLimit
from ..version import VERSION
from .flow_labels import DEFAULT, OTHER, FlowLabels, Rising
from .metric_family import MetricFamily, info, single
from .samples import flow_names, in_force
from .state_answer import Identity

COUNTED = {
    "packets_in": "packets that arrived",
    "bytes_in": "bytes that arrived",
    "packets_out": "packets that left",
    "bytes_out": "bytes that left",
    "duplicated": "copies of packets that were made",
    "originated": "packets that were made as answers",
}
DROPPED = {
    "dropped": ("dropped_packets", "packets that were dropped, by cause"),
    "dropped_bytes": ("dropped_bytes", "bytes that were dropped, by cause"),
}
ACHIEVED = {
    "rate_bps": ("rate_bits_per_second", 1, "bit rate of what left in the last second"),
    "loss": ("loss_ratio", 1, "share of packets that conditions dropped in the last second"),
    "delay_p50_ms": ("delay_p50_seconds", 1e-3, "median delay of packets in the last second"),
    "delay_p99_ms": ("delay_p99_seconds", 1e-3, "99th percentile of the delay of packets in the last second"),
    "queue_delay_p50_ms": ("queue_delay_p50_seconds", 1e-3, "median wait in the bottleneck's queue in the last second"),
    "queue_delay_p95_ms": ("queue_delay_p95_seconds", 1e-3, "95th percentile of the wait in the bottleneck's queue"),
}
"""Names, factors and help of what was measured, by its name in reports."""
UNITS = {
    "rate": ("_bits_per_second", 1.0),
    "time": ("_seconds", 1e-9),
    "share": ("_ratio", 1.0),
    "bytes": ("_bytes", 1.0),
    "packets": ("_packets", 1.0),
    "switch": ("", 1.0),
}
"""Suffixes and factors of those conditions that are numbers."""
PROBE_TIMES = {
    "ms": ("seconds", "time until the last request or connection of a probe was answered"),
    "p50_ms": ("p50_seconds", "median of these times in the last intervals"),
    "p95_ms": ("p95_seconds", "95th percentile of these times in the last intervals"),
}
PROBE_TOTALS = {
    "tries": "requests or connections of a probe",
    "errors": "those of them that failed",
    "skipped": "those that were not counted because this machine was too slow",
}
LINK, FLOW, PROBE, STATE = ("direction",), ("direction", "flow"), ("service", "kind"), ("state",)

Report = Mapping[str, Any]
LabelledCounts = Sequence[tuple[tuple[str, ...], Mapping[str, Any]]]
"""Values of the labels, and the counts as reports have them."""


class ClientMetrics:
    def __init__(self, identity: Identity) -> None:
        self._about = {"name": identity.name, "lab": identity.lab, "version": VERSION}
        self._labels = FlowLabels()
        self._rising = Rising()

    def text(self, report: Report, stats_ages: Iterable[float], probes: Report | None = None) -> bytes:
        """`stats_ages` are the ages in seconds of what the application publishes; `probes` is what these measured."""
        named = self._labels.of(flow_names(report["conditions"]))
        links = [((direction,), report["links"][direction]) for direction in DIRECTIONS]
        families = [
            info("synthlab_client", "this client", self._about),
            *_of_forwarder(report["forwarder"]),
            *_of_schedule(report),
            *_of_walk(report.get("walk", {})),
            *_of_stats(list(stats_ages)),
            *_of_probes(probes or {}),
            *_set(report, named),
            *_traffic("link", LINK, links),
            _bypassed(report["links"]),
            *_traffic("flow", FLOW, [*self._counts(report["flows"], named)]),
        ]
        return "".join(family.text() for family in families).encode()

    def _counts(self, flows: Mapping[str, Any], named: Sequence[str]) -> Iterator[tuple[tuple[str, str], Any]]:
        """The counts of each named flow, of packets of no flow, and of all other flows together."""
        others: dict[str, list[Mapping[str, Any]]] = {direction: [] for direction in DIRECTIONS}
        for name, its in flows.items():
            for direction, counts in its.items():
                if name in named or name == DEFAULT:
                    yield (direction, name), counts
                else:
                    others[direction].append(counts)
        for direction, several in others.items():
            if several:
                yield (direction, OTHER), self._summed(direction, several)

    def _summed(self, direction: str, several: list[Mapping[str, Any]]) -> dict[str, Any]:
        sums: dict[str, Any] = {"queued": sum(counts["queued"] for counts in several), "achieved": {}}
        for name in COUNTED:
            sums[name] = self._rising.of((direction, name), sum(counts[name] for counts in several))
        for name in DROPPED:
            dropped = sum((Counter(counts[name]) for counts in several), Counter[str]())
            sums[name] = {cause: self._rising.of((direction, name, cause), n) for cause, n in dropped.items()}
        return sums


def _gauge(name: str, help: str, value: float) -> MetricFamily:
    return single("gauge", f"synthlab_{name}", help, value)


def _counter(name: str, help: str, value: float) -> MetricFamily:
    return single("counter", f"synthlab_{name}", help, value)


def _of_forwarder(forwarder: Report) -> Iterator[MetricFamily]:
    yield _gauge("forwarder_up_seconds", "time since the forwarder was started", forwarder["up_s"])
    yield _counter("forwarder_cpu_seconds", "CPU time of the forwarder", forwarder["cpu_s"])
    yield _counter("forwarder_restarts", "restarts of the forwarder", forwarder["restarts"])
    yield _counter("forwarder_hangs", "times that the forwarder hung and was killed", forwarder["hangs"])
    yield _counter("forwarder_starved_seconds", "time without CPU time for the forwarder", forwarder["starved_s"])
    name, help = "synthlab_forwarder_lateness_p99_seconds", "99th percentile of how late packets were sent"
    family = MetricFamily("gauge", name, help, LINK)
    for direction, late in forwarder["lateness"].items():
        if late:
            family.add((direction,), late["p99_ms"] / 1e3)
    yield family


def _of_schedule(report: Report) -> Iterator[MetricFamily]:
    yield _gauge("leases", "leases in force", len(report["leases"]))
    yield _gauge("scheduled_changes", "changes that are scheduled", len(report["scheduled"]))
    yield _counter("failed_changes", "leases and scheduled changes that became invalid", report["failed"]["count"])


def _of_walk(walk: Report) -> Iterator[MetricFamily]:
    """The present state, and how often each was entered; no series without states."""
    present = MetricFamily("gauge", "synthlab_state", "1 for the state that the client is in, else 0", STATE)
    entered = MetricFamily("counter", "synthlab_state_entered", "times that the walk came into a state", STATE)
    for name, counts in walk.get("states", {}).items():
        present.add((name,), float(name == walk["state"]))
        entered.add((name,), counts["entered"])
    yield from (present, entered)


def _of_stats(ages: list[float]) -> Iterator[MetricFamily]:
    if ages:
        yield _gauge("stats_age_seconds", "age of the newest stats that the application published", min(ages))


def _of_probes(probes: Report) -> Iterator[MetricFamily]:
    rows = [((name, kind), sent["values"]) for name, kinds in probes.items() for kind, sent in kinds.items()]
    for key, (name, help) in PROBE_TIMES.items():
        gauge = MetricFamily("gauge", f"synthlab_probe_{name}", help, PROBE)
        for labels, values in rows:
            if key in values:
                gauge.add(labels, values[key] / 1e3)
        yield gauge
    for key, help in PROBE_TOTALS.items():
        counter = MetricFamily("counter", f"synthlab_probe_{key}", help, PROBE)
        for labels, values in rows:
            counter.add(labels, _total_of(values, key))
        yield counter


def _total_of(values: Report, key: str) -> float:
    """A total of a probe; tries are called requests or connections by its kind."""
    names = ("requests", "connections") if key == "tries" else (key,)
    return next((float(values[name]) for name in names if name in values), 0.0)


def _set(report: Report, named: Sequence[str]) -> Iterator[MetricFamily]:
    """The conditions in force that are numbers; those of the link are of the flow `default`."""
    families: dict[str, MetricFamily] = {}
    for flow, links in in_force(report["conditions"], named).items():
        for direction, values in links.items():
            for name, help, value in _numbers(values):
                family = families.setdefault(name, MetricFamily("gauge", f"synthlab_set_{name}", help, FLOW))
                family.add((direction, flow), value)
    yield from families.values()


def _numbers(values: LinkConditions) -> Iterator[tuple[str, str, float]]:
    """Name with unit, help and value of each."""
    for item, value in values.named():
        is_limit = isinstance(value, QueueLimit)
        kind, number = (value.kind, value.amount) if is_limit else (item.metadata["unit"].name, value)
        if kind in UNITS:
            suffix, factor = UNITS[kind]
            yield f"{item.metadata['name']}{suffix}", f"set: {item.metadata['help']}", number * factor


def _traffic(owner: str, labels: tuple[str, ...], rows: LabelledCounts) -> Iterator[MetricFamily]:
    """What reports count and measure of the owner, a link or a flow."""
    for name, help in COUNTED.items():
        family = MetricFamily("counter", f"synthlab_{owner}_{name}", help, labels)
        for values, counts in rows:
            family.add(values, counts[name])
        yield family
    for name, (full, help) in DROPPED.items():
        family = MetricFamily("counter", f"synthlab_{owner}_{full}", help, (*labels, "cause"))
        for values, counts in rows:
            for cause, count in counts[name].items():
                family.add((*values, cause), count)
        yield family
    yield from _gauges(owner, labels, rows)


def _gauges(owner: str, labels: tuple[str, ...], rows: LabelledCounts) -> Iterator[MetricFamily]:
    family = MetricFamily("gauge", f"synthlab_{owner}_queued_packets", "packets that wait", labels)
    for values, counts in rows:
        family.add(values, counts["queued"])
    yield family
    for name, (full, factor, help) in ACHIEVED.items():
        family = MetricFamily("gauge", f"synthlab_{owner}_{full}", help, labels)
        for values, counts in rows:
            if name in counts["achieved"]:
                family.add(values, counts["achieved"][name] * factor)
        yield family


def _bypassed(links: Report) -> MetricFamily:
    help = "packets that no condition applies to"
    family = MetricFamily("counter", "synthlab_link_bypassed_packets", help, LINK)
    for direction in DIRECTIONS:
        family.add((direction,), links[direction]["bypassed"])
    return family
