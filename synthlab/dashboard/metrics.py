"""The numbers of all labs in Prometheus's text format: what is set, measured and received, and verdicts.

Metrics that a client has, too, keep the names that they have there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from syntheticnet.conditions import DIRECTIONS

from ..control.state import ClientState, LinkState
from ..control.webrtc_stats import Stats
from ..report.configured import delay_ms, loss_share, rate_bps
from ..runner.samples import DEFAULT_FLOW

if TYPE_CHECKING:
    from prometheus_client.core import Metric

    from syntheticnet.conditions import LinkConditions

Labels = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ClientReading:
    """One client as it was read: both are None if it did not answer, `stats` also of a server without probes."""

    lab: str
    client: str
    state: ClientState | None
    stats: Stats | None


@dataclass(frozen=True, slots=True)
class _Number:
    """A metric of each link or each stream: how to get it, and what to multiply it by."""

    name: str
    help: str
    value: Callable[[Any], float | None]
    scale: float = 1.0


def _jitter_ns(link: LinkConditions) -> float | None:
    return link.jitter_ns


def _field(name: str) -> Callable[[Mapping[str, Any]], float | None]:
    return lambda values: values.get(name)


def _attribute(name: str) -> Callable[[LinkState], float]:
    return lambda link: float(getattr(link, name))


def _tries(values: Mapping[str, float]) -> float | None:
    return values.get("requests", values.get("connections"))


_SET = (
    _Number("synthlab_set_rate_bits_per_second", "the rate that is set", rate_bps),
    _Number("synthlab_set_latency_seconds", "the latency that is set", delay_ms, 1e-3),
    _Number("synthlab_set_jitter_seconds", "the jitter that is set", _jitter_ns, 1e-9),
    _Number("synthlab_set_loss_ratio", "the loss that is set, of all models together", loss_share),
)
_MEASURED = (
    _Number("synthlab_link_rate_bits_per_second", "the rate in the last second", _field("rate_bps")),
    _Number("synthlab_link_loss_ratio", "the share lost in the last second", _field("loss")),
    _Number("synthlab_link_delay_p50_seconds", "the median delay in the last second", _field("delay_p50_ms"), 1e-3),
    _Number("synthlab_link_delay_p99_seconds", "the 99th percentile of the delay", _field("delay_p99_ms"), 1e-3),
    _Number(
        "synthlab_link_queue_delay_p50_seconds",
        "the median wait in the bottleneck's queue",
        _field("queue_delay_p50_ms"),
        1e-3,
    ),
    _Number(
        "synthlab_link_queue_delay_p95_seconds",
        "the 95th percentile of that wait",
        _field("queue_delay_p95_ms"),
        1e-3,
    ),
)
_LATE = _Number(
    "synthlab_forwarder_lateness_p99_seconds", "99th percentile of how late packets were sent", _field("p99_ms"), 1e-3
)
_COUNTED = (
    _Number("synthlab_link_packets_in", "packets that arrived at the link", _attribute("packets_in")),
    _Number("synthlab_link_bytes_in", "their bytes", _attribute("bytes_in")),
    _Number("synthlab_link_packets_out", "packets that left the link", _attribute("packets_out")),
    _Number("synthlab_link_bytes_out", "their bytes", _attribute("bytes_out")),
)
_STREAM = (
    _Number("synthlab_received_frames_per_second", "frames decoded per second", _field("fps")),
    _Number("synthlab_received_bits_per_second", "the bit rate received", _field("kbps"), 1000),
    # No counter: it falls when a packet that was counted as lost arrives after all (RFC 3550, 6.4.1).
    _Number("synthlab_received_lost_packets", "packets lost so far", _field("lost")),
)
_STREAM_COUNTED = (
    _Number("synthlab_received_freezes", "times that the picture froze", _field("freezes")),
    _Number("synthlab_received_freeze_seconds", "how long it was frozen", _field("freeze_s")),
)
_PROBE = (
    _Number("synthlab_probe_seconds", "time until the last answer to a probe", _field("ms"), 1e-3),
    _Number("synthlab_probe_p50_seconds", "median of these times in the last intervals", _field("p50_ms"), 1e-3),
    _Number("synthlab_probe_p95_seconds", "their 95th percentile", _field("p95_ms"), 1e-3),
)
_PROBE_COUNTED = (
    _Number("synthlab_probe_tries", "requests or connections of a probe", _tries),
    _Number("synthlab_probe_errors", "those of them that failed", _field("errors")),
    _Number("synthlab_probe_skipped", "tries that this machine was too slow to measure", _field("skipped")),
)
_CLIENT = ("lab", "client")
_LINK = (*_CLIENT, "direction")
_RECEIVED = (*_CLIENT, "from", "kind")
_PROBED = (*_CLIENT, "service", "kind")


def metrics_text(readings: Iterable[ClientReading], verdicts: Mapping[tuple[str, str, str], int]) -> tuple[str, str]:
    """The text and its content type. `verdicts` counts runs by lab, scenario and verdict."""
    from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

    collected = _Collected([*_metrics(list(readings)), _verdicts(verdicts)])
    return generate_latest(collected).decode(), CONTENT_TYPE_LATEST


@dataclass(frozen=True, slots=True)
class _Collected:
    metrics: list[Metric]

    def collect(self) -> list[Metric]:
        return self.metrics


def _metrics(readings: list[ClientReading]) -> Iterable[Metric]:
    up = [((one.lab, one.client), float(one.state is not None)) for one in readings]
    yield _gauge("synthlab_client_up", "whether the client's API answers", _CLIENT, up)
    states = [(one, one.state) for one in readings if one.state is not None]
    for number in _SET:
        yield _gauge(
            number.name,
            number.help,
            (*_LINK, "flow"),
            [
                ((one.lab, one.client, direction, DEFAULT_FLOW), value * number.scale)
                for one, state in states
                for direction in DIRECTIONS
                if (value := number.value(getattr(state.conditions, direction))) is not None
            ],
        )
    links = [((one.lab, one.client, name), link) for one, state in states for name, link in state.links.items()]
    for number in _MEASURED:
        yield _gauge(number.name, number.help, _LINK, _valued(number, ((key, link.achieved) for key, link in links)))
    for number in _COUNTED:
        yield _counter(number.name, number.help, _LINK, _valued(number, links))
    drops = [((*key, cause), float(count)) for key, link in links for cause, count in link.dropped.items()]
    yield _counter("synthlab_link_dropped_packets", "packets dropped, by cause", (*_LINK, "cause"), drops)
    queued = [(key, float(link.queued)) for key, link in links]
    yield _gauge("synthlab_link_queued_packets", "packets waiting in the link", _LINK, queued)
    leases = [((one.lab, one.client), float(len(state.leases))) for one, state in states]
    yield _gauge("synthlab_leases", "changes that revert by themselves", _CLIENT, leases)
    restarts = [((one.lab, one.client), float(state.restarts)) for one, state in states]
    yield _counter("synthlab_forwarder_restarts", "restarts of the forwarder", _CLIENT, restarts)
    late = [((one.lab, one.client, way), its) for one, state in states for way, its in state.lateness.items()]
    yield _gauge(_LATE.name, _LATE.help, _LINK, _valued(_LATE, late))
    streams = [
        ((one.lab, one.client, peer, kind), values)
        for one in readings
        if one.stats
        for kind, peers in (("video", one.stats.video), ("audio", one.stats.audio))
        for peer, values in peers.items()
    ]
    for number in _STREAM:
        yield _gauge(number.name, number.help, _RECEIVED, _valued(number, streams))
    for number in _STREAM_COUNTED:
        yield _counter(number.name, number.help, _RECEIVED, _valued(number, streams))
    yield from _of_probes(readings)


def _of_probes(readings: list[ClientReading]) -> Iterable[Metric]:
    """What clients measured of others: `client` is who probes, `service` what is probed."""
    probes = [
        ((one.lab, one.client, service, kind), values)
        for one in readings
        if one.stats
        for service, kinds in one.stats.probes.items()
        for kind, values in kinds.items()
    ]
    for number in _PROBE:
        yield _gauge(number.name, number.help, _PROBED, _valued(number, probes))
    for number in _PROBE_COUNTED:
        yield _counter(number.name, number.help, _PROBED, _valued(number, probes))


def _verdicts(counts: Mapping[tuple[str, str, str], int]) -> Metric:
    ended = [(labels, float(count)) for labels, count in counts.items()]
    return _counter("synthlab_runs", "scenario runs that have ended", ("lab", "scenario", "verdict"), ended)


def _valued(number: _Number, sources: Iterable[tuple[Labels, Any]]) -> list[tuple[Labels, float]]:
    return [(key, value * number.scale) for key, source in sources if (value := number.value(source)) is not None]


def _gauge(name: str, help: str, labels: Labels, samples: Iterable[tuple[Labels, float]]) -> Metric:
    from prometheus_client.core import GaugeMetricFamily

    metric = GaugeMetricFamily(name, help, labels=labels)
    for values, value in samples:
        metric.add_metric(values, value)
    return metric


def _counter(name: str, help: str, labels: Labels, samples: Iterable[tuple[Labels, float]]) -> Metric:
    from prometheus_client.core import CounterMetricFamily

    metric = CounterMetricFamily(name, help, labels=labels)
    for values, value in samples:
        metric.add_metric(values, value)
    return metric
