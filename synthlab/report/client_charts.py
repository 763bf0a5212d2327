"""The charts of one client: what it saw, and its network."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ..scenario.record import Record
from .chart import Row
from .chart_data import ChartData
from .clients_shown import asked_numbers
from .configured import ConfiguredLinks
from .network import flow_rows, network_rows
from .probes import is_probe, probe_rows
from .states import recorded_states
from .traffic import is_traffic, traffic_rows
from .webrtc import drawn, own_rows, webrtc_rows


@dataclass(frozen=True, slots=True)
class ShownChart:
    """A chart as the page names it: its title, and the id of its data."""

    id: str
    title: str
    unit: str


@dataclass(frozen=True, slots=True)
class ClientCharts:
    """The charts of one client; those of `flows` by the name of the flow."""

    name: str
    seen: tuple[ShownChart, ...]
    network: tuple[ShownChart, ...]
    flows: tuple[tuple[str, tuple[ShownChart, ...]], ...]


def client_charts(record: Record, client: str, ends_s: float, data: ChartData, prefix: str) -> ClientCharts:
    """Put the client's charts into `data`, with ids that begin with `prefix`."""
    configured = ConfiguredLinks.of(record.configured, client, ends_s)
    flows = flow_rows(client, record.samples, configured)
    network = [*recorded_states(record, client, ends_s), *network_rows(client, record.samples, configured)]
    return ClientCharts(
        name=client,
        seen=shown(list(seen_rows(record, client)), data, f"{prefix}-seen"),
        network=shown(network, data, f"{prefix}-net", client),
        flows=tuple((flow, shown(rows, data, f"{prefix}-flow{at}", client)) for at, (flow, rows) in enumerate(flows)),
    )


def shown(rows: Sequence[Row], data: ChartData, prefix: str, client: str = "") -> tuple[ShownChart, ...]:
    """Put these rows into `data`; in the charts of a client's network only its own changes are shaded."""
    return tuple(
        ShownChart(data.add(f"{prefix}-{at}", row, client), row.title, row.unit) for at, row in enumerate(rows)
    )


def seen_rows(record: Record, client: str) -> Iterator[Row]:
    """The client's media, probes and competing traffic, and other numbers that expectations read."""
    asked = asked_numbers(record, client)
    participants = {part for name in asked for part in name.split(".")[2:3]}
    yield from webrtc_rows(client, record.samples, participants)
    yield from probe_rows(client, record.samples)
    yield from traffic_rows(client, record.samples)
    in_rows = (drawn, is_probe, is_traffic)
    others = [name for name in asked if not any(shows(client, name) for shows in in_rows)]
    yield from own_rows(others, record.samples)
