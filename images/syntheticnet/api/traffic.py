"""Live traffic as the API answers it: the forwarder's rows with names, codecs, and the flow that takes each row."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from ipaddress import ip_network
from typing import Any

from ..allow import HOST
from ..conditions import FlowMatch
from ..conditions.flow import MAX_PORT, PROTOCOLS, WITH_PORTS
from .app_stats import AppStats
from .control_client import ControlClient
from .remote_names import RemoteNames

DIRECTIONS = ("ingress", "egress")

TrafficRow = Mapping[str, Any]


class TrafficAnswer:
    """The forwarder counts from the first question on, until some seconds after the last."""

    def __init__(self, control: ControlClient, stats: AppStats, names: RemoteNames) -> None:
        self._control = control
        self._stats = stats
        self._names = names

    async def get(self) -> dict[str, Any]:
        answer = await self._control.ask("traffic")
        of_flows = {address: name for name, addresses in answer.pop("names").items() for address in addresses}
        rows = [row for direction in DIRECTIONS for row in answer[direction]]
        names = {row["remote"]: of_flows.get(row["remote"]) or self._names.of(row["remote"]) for row in rows}
        expressions = iter(matches(rows, names))
        for direction in DIRECTIONS:
            answer[direction] = [self._row(row, names, next(expressions)) for row in answer[direction]]
        return answer

    def _row(self, row: TrafficRow, names: Mapping[str, str | None], match: str) -> dict[str, Any]:
        kind, codec = self._stats.codec(row["payload_type"])
        return {
            "remote": row["remote"],
            "name": names[row["remote"]],
            **{key: row[key] for key in ("protocol", "port", "media", "payload_type")},
            "kind": kind,
            "codec": codec,
            **{key: row[key] for key in ("packets_s", "bits_s", "dropped_s", "delay_ms", "flow")},
            "match": match,
        }


def matches(rows: Sequence[TrafficRow], names: Mapping[str, str | None]) -> list[str]:
    """For each row the shortest flow expression that takes its packets and those of no other row.

    No expression separates a row of a UDP port without media from one with media on the same port.
    """
    candidates = [list(_candidates(row, names.get(row["remote"]))) for row in rows]
    taken: dict[FlowMatch, set[tuple[str, int | None]]] = defaultdict(set)
    for row, its in zip(rows, candidates, strict=True):
        for match in its:
            taken[match].add((row["remote"], row["port"]))
    return [str(next((match for match in its if len(taken[match]) == 1), its[-1])) for its in candidates]


def _candidates(row: TrafficRow, name: str | None) -> Iterator[FlowMatch]:
    """Flows that take the row, shortest first; a media's port is often another one after a reconnection."""
    protocol, port, media = row["protocol"], row["port"], row["media"]
    number = PROTOCOLS[protocol] if protocol in PROTOCOLS else int(protocol)
    one = (port, port) if number in WITH_PORTS and port is not None else (0, MAX_PORT)
    # The name `host` is ours: no resolver knows it.
    hosts = [(None, name)] if name and name != HOST else []
    for network, its_name in (*hosts, (ip_network(row["remote"]), None)):
        for low, high in ((0, MAX_PORT), one) if media else (one,):
            yield FlowMatch(network, its_name, number, low, high, media, row["payload_type"])
