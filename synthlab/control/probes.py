"""The numbers that probes measured: of each probed service, from the client that probes it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from ..errors import SynthlabError
from .group_change import LabClient, each
from .webrtc_stats import Stats, Values


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeReading:
    """The values of one probe; empty without data, with the `error` that prevented reading them, if any."""

    name: str
    kind: str
    source: str
    values: Values = field(default_factory=dict)
    error: str | None = None


def read_probes(clients: Iterable[LabClient]) -> list[ProbeReading]:
    """The readings of all probes that these clients send. A client that does not answer has no data."""
    probing = [client for client in clients if client.probes]
    readings = each(probing, _readings) if probing else {}
    return [reading for client in probing for reading in readings[client.name]]


def probed(number: str) -> tuple[str, str]:
    """Name and kind of a probe, from `web.http`."""
    name, _, kind = number.rpartition(".")
    return name, kind


def readings_of(client: LabClient, stats: Stats | None, error: str | None = None) -> list[ProbeReading]:
    """The readings of the probes that a client sends, from its stats; without data if there are none."""
    source, probes = client.name.partition("@")[0], stats.probes if stats else {}
    return [
        ProbeReading(name=name, kind=kind, source=source, values=probes.get(name, {}).get(kind, {}), error=error)
        for name, kind in map(probed, client.probes)
    ]


def _readings(client: LabClient) -> list[ProbeReading]:
    try:
        return readings_of(client, client.api.stats())
    except SynthlabError as failure:
        return readings_of(client, None, str(failure))
