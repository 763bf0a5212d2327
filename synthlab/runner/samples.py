"""Converts answers of clients and servers to samples, named as in expressions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from ..control.state import ClientState, LinkState
from ..control.webrtc_stats import CODECS, is_fresh
from ..scenario.expression import CLIENT, LINKS, METRICS, TRAFFIC, Sample, Value, jain
from ..text.durations import ns_of

_ACHIEVED = {
    **{"rate_bps": "rate", "loss": "loss", "delay_p50_ms": "delay_p50", "delay_p99_ms": "delay_p99"},
    **{"queue_delay_p50_ms": "queue_delay_p50", "queue_delay_p95_ms": "queue_delay_p95"},
}
_COUNTED = ("packets_in", "bytes_in", "packets_out", "bytes_out", "queued", "duplicated", "originated", "dropped_bytes")
DEFAULT_FLOW = "default"
_OWN = "app"
_KINDS = tuple(key for key in CLIENT if key not in (*LINKS, _OWN, TRAFFIC))


def of_state(client: str, state: ClientState) -> dict[str, Value]:
    """Measurements of a client's forwarder, such as `client1.egress.rate`, including those of each flow."""
    samples: dict[str, Value] = {}
    for direction, link in state.links.items():
        samples |= _of_link(f"{client}.{direction}", link)
    for flow, links in state.flows.items():
        if flow != DEFAULT_FLOW:
            for direction, link in links.items():
                samples |= _of_link(f"{client}.flows.{flow}.{direction}", link)
    return samples


def of_stats(client: str, answer: Mapping[str, Any], now_ns: int) -> tuple[dict[str, int], dict[str, Sample]]:
    """Convert the stats that a client's application publishes: the time of each source, and samples.

    Stale values and `codecs` are left out. Values other than WebRTC stats are named `client1.app.<name>`.
    """
    ages = answer.get("age_s", {})
    sources = dict.fromkeys(number_sources(client), now_ns)
    samples: dict[str, Sample] = {}
    for key, value in answer.get("values", {}).items():
        if key == CODECS or key not in ages or not is_fresh(key, ages[key]):
            continue
        at_ns = now_ns - ns_of(ages[key])
        if key in _KINDS:
            sources[f"{client}.{key}"] = at_ns
        prefix = f"{client}.{key}" if key in (*_KINDS, _OWN) else f"{client}.{_OWN}.{key}"
        samples |= {name: Sample(at_ns, leaf) for name, leaf in _flat(prefix, value)}
    return sources, samples


def number_sources(client: str) -> list[str]:
    """The sources reported by a client's application."""
    return [f"{client}.{key}" for key in (*_KINDS, _OWN)]


def link_sources(client: str) -> list[str]:
    """The sources reported by a client's forwarder."""
    return [f"{client}.{key}" for key in LINKS]


def of_probes(
    answer: Mapping[str, Any], probes: Iterable[str], now_ns: int
) -> tuple[dict[str, int], dict[str, Sample]]:
    """What a client's probes measured: the time of each source, and samples named after what is probed.

    `probes` are all that it should have measured, such as `web.http`.
    """
    sources, samples = dict.fromkeys(probes, now_ns), dict[str, Sample]()
    for name, kinds in answer.get("probes", {}).items():
        for kind, sent in kinds.items():
            if (source := f"{name}.{kind}") in sources:
                sources[source] = now_ns - ns_of(sent["age_s"])
                samples |= {f"{source}.{key}": Sample(sources[source], value) for key, value in sent["values"].items()}
    return sources, samples


def of_metrics(name: str, values: Mapping[str, float]) -> dict[str, Value]:
    """Metrics of a client, service or server, named `web.metrics.<name>`."""
    return {f"{metrics_source(name)}.{key}": value for key, value in values.items()}


def metrics_source(name: str) -> str:
    """The source that reports the metrics of a client, service or server."""
    return f"{name}.{METRICS}"


def of_traffic(client: str, traffic: Mapping[str, Sequence[float]]) -> dict[str, Value]:
    """What arrived of a client's competing traffic, in bit/s of each flow by name: each flow, all of them, fairness."""
    samples: dict[str, Value] = {}
    for name, rates in traffic.items():
        prefix = f"{traffic_source(client)}.{name}"
        samples |= {f"{prefix}.flows.{number}.rate": rate for number, rate in enumerate(rates, 1)}
        samples[f"{prefix}.rate"] = sum(rates)
        if len(rates) > 1 and (index := jain(rates)) is not None:
            samples[f"{prefix}.fairness"] = index
    return samples


def traffic_source(client: str) -> str:
    """The source that reports a client's competing traffic."""
    return f"{client}.{TRAFFIC}"


def _of_link(prefix: str, link: LinkState) -> dict[str, Value]:
    samples: dict[str, Value] = {f"{prefix}.{name}": _total(getattr(link, name)) for name in _COUNTED}
    achieved = {name: link.achieved[key] for key, name in _ACHIEVED.items() if key in link.achieved}
    samples |= {f"{prefix}.{name}": value for name, value in achieved.items()}
    if "packets" in link.achieved:
        samples[f"{prefix}.packets"] = link.achieved["packets"]
    return samples | {f"{prefix}.dropped.{cause}": count for cause, count in link.dropped.items()}


def _total(value: Any) -> float:
    """A count, or the sum of counts by cause."""
    return float(sum(value.values()) if isinstance(value, Mapping) else value)


def _flat(prefix: str, value: Any) -> Iterator[tuple[str, Value]]:
    """The leaves of a tree by dotted name; values that are neither numbers nor texts are left out."""
    if isinstance(value, Mapping):
        for key, below in value.items():
            yield from _flat(f"{prefix}.{key}", below)
    elif isinstance(value, bool):
        yield prefix, float(value)
    elif isinstance(value, int | float | str):
        yield prefix, value
