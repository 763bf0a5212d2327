"""What is known of a lab as rows of texts: decided here, printed by the console."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from syntheticnet.conditions import DIRECTIONS, LinkConditions

from .console import Table
from .containers import Container
from .lab import api_url
from .numbers import KINDS, Numbers, Values
from .ports import HOST, VNC_PORT
from .state import ClientState, LinkState

NOTHING = "-"

Row = tuple[str, ...]


def containers_table(containers: Sequence[Container], restarts: Mapping[str, int]) -> Table:
    """One row a container; `restarts` of the forwarder by container id, where its API told them."""
    rows = [_container_row(container, restarts) for container in containers]
    return Table(("lab", "name", "app", "state", "forwarder restarts", "API", "VNC"), rows)


def conditions_table(states: Mapping[str, ClientState]) -> Table:
    """What is configured on each link and flow, beside what was measured over the last second."""
    rows = [row for name, state in states.items() for row in _condition_rows(name, state)]
    return Table(("client", "link", "configured", "achieved (last second)"), rows)


def counters_table(states: Mapping[str, ClientState]) -> Table:
    """The counters of each link and flow since the forwarder's start."""
    columns = ("client", "link", "packets in", "packets out", "bytes out", "dropped", "held", "dup", "own")
    rows = [
        (name, place, *_counters(link)) for name, state in states.items() for place, link in _measured_places(state)
    ]
    return Table(columns, rows)


def numbers_table(numbers: Mapping[str, Numbers]) -> Table:
    """The WebRTC numbers of each client for each remote participant."""
    rows = [
        (viewer, kind, participant, _numbers(values))
        for viewer, seen in numbers.items()
        for kind in KINDS
        for participant, values in sorted(getattr(seen, kind).items())
    ]
    return Table(("client", "receives", "from", "numbers"), rows)


def _container_row(container: Container, restarts: Mapping[str, int]) -> Row:
    vnc = container.ports.get(VNC_PORT)
    state = container.state if container.state != "running" else container.health or "running"
    return (
        container.lab,
        container.client or container.role,
        container.app,
        state,
        str(restarts.get(container.id, NOTHING)),
        api_url(container) or NOTHING,
        f"{HOST}:{vnc}" if vnc else NOTHING,
    )


def _condition_rows(client: str, state: ClientState) -> Iterator[Row]:
    for direction in DIRECTIONS:
        link = getattr(state.conditions, direction)
        yield client, direction, _configured(link) or "perfect", _achieved(state.links.get(direction))
    for flow in state.conditions.flows:
        for direction in DIRECTIONS:
            wished = _configured(getattr(flow, direction))
            measured = state.flows.get(flow.name, {}).get(direction)
            yield client, f"{direction} {flow.name}", wished or "as the link", _achieved(measured)


def _configured(link: LinkConditions) -> str:
    return ", ".join(f"{name} {_word(value)}" for name, value in link.to_dict().items())


def _word(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _achieved(link: LinkState | None) -> str:
    """Only what was measured; a link on which nothing passed says just that."""
    if link is None or not link.achieved.get("packets"):
        return "no traffic"
    measured = link.achieved
    parts = []
    if "rate_bps" in measured:
        parts.append(f"{measured['rate_bps'] / 1000:.0f}kbit/s")
    if "loss" in measured:
        parts.append(f"loss {measured['loss'] * 100:.2f}%")
    if "delay_p50_ms" in measured:
        parts.append(f"delay {measured['delay_p50_ms']:.1f}ms")
    if "delay_p99_ms" in measured:
        parts.append(f"(p99 {measured['delay_p99_ms']:.1f}ms)")
    return " ".join([*parts, f"{measured['packets']:.0f} packets"])


def _measured_places(state: ClientState) -> Iterator[tuple[str, LinkState]]:
    yield from state.links.items()
    for name, directions in state.flows.items():
        for direction, link in directions.items():
            yield f"{direction} {name}", link


def _counters(link: LinkState) -> Row:
    causes = ", ".join(f"{cause} {count}" for cause, count in link.dropped.items() if count)
    counts = (link.held, link.duplicated, link.originated)
    return (
        str(link.packets_in),
        str(link.packets_out),
        str(link.bytes_out),
        causes or NOTHING,
        *map(str, counts),
    )


def _numbers(values: Values) -> str:
    return ", ".join(f"{name} {value:g}" for name, value in values.items())
