"""What the containers of a lab are told of probes and metrics: the prober in its environment, we in labels."""

from __future__ import annotations

import json
from urllib.parse import urlsplit

from ..contract import SFU_HOST
from ..engine import labels
from ..stack import Measured, Stack, StackProbe
from ..text.durations import MS_NS


def probe_variables(stack: Stack, source: str) -> dict[str, str]:
    """The variable with the probes that the container of `source` sends; none without probes."""
    probes = [
        {
            "name": name,
            "url": probe.url,
            "interval_ms": probe.interval_ns / MS_NS,
            "timeout_ms": probe.timeout_ns / MS_NS,
        }
        for name, probe in _of(stack, source)
    ]
    return {"SYNTHLAB_PROBES": json.dumps(probes)} if probes else {}


def probe_labels(stack: Stack, source: str) -> dict[str, str]:
    """The label with the numbers that the container of `source` measures."""
    names = [f"{name}.{probe.kind}" for name, probe in _of(stack, source)]
    return {labels.PROBES: " ".join(names)} if names else {}


def metrics_labels(stack: Stack) -> dict[str, str]:
    """The label, on everything of the lab, with the URL of the metrics of each that has some."""
    urls = {name: measured.metrics for name, measured in stack.measured.items() if measured.metrics}
    return {labels.METRICS: json.dumps(urls)} if urls else {}


def metrics_ports(stack: Stack) -> list[int]:
    """The port of the lab's own media server that serves its metrics, if any."""
    url = urlsplit(stack.measured.get(SFU_HOST, Measured()).metrics or "")
    return [url.port or 80] if url.hostname == SFU_HOST else []


def _of(stack: Stack, source: str) -> list[tuple[str, StackProbe]]:
    return [
        (name, probe)
        for name, measured in stack.measured.items()
        for probe in measured.probes
        if probe.source == source
    ]
