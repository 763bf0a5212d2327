"""Tables and lines of the forwarders' counters: drops by conditions, and packets that the lab itself discarded."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ..control.slowness import too_slow
from ..control.state import MOST_LATE_MS, ClientState, LinkState
from .console import Bad, Table

NOTHING = "-"

# Why the lab itself discards packets, by cause.
_WHY = {
    "stalled": "this machine was too slow",
    "kernel": "this machine was too slow",
    "memory": "more than 64 MB waited",
    "send": "the engine's kernel refused them",
}
# Counters whose column is omitted if all are 0.
_SELDOM = ("queued", "duplicated", "originated")
_LARGE = {"GB": 10**9, "MB": 10**6, "kB": 10**3}


def counters_table(states: Mapping[str, ClientState]) -> Table:
    """Counters of each link and flow since the forwarder started."""
    found = [(name, place, link) for name, state in states.items() for place, link in _places(state)]
    seldom = [field for field in _SELDOM if any(getattr(link, field) for *_, link in found)]
    discarded = any(link.discarded for *_, link in found)
    columns = ("client", "link", "packets in", "packets out", "bytes out", "dropped")
    rows = [
        (
            *(name, place, str(link.packets_in), str(link.packets_out), format_bytes(link.bytes_out)),
            _causes(link.asked) or NOTHING,
            *([_discarded(link)] if discarded else []),
            *(str(getattr(link, field)) for field in seldom),
        )
        for name, place, link in found
    ]
    return Table((*columns, *(["discarded"] if discarded else []), *seldom), rows)


def forwarders_table(states: Mapping[str, ClientState]) -> Table:
    """Forwarding delay caused by the forwarders themselves over the last second, per direction."""
    rows = [
        (
            *(client, direction, *(_late(late, name) for name in ("p50_ms", "p99_ms", "max_ms"))),
            _restarts(state),
        )
        for client, state in states.items()
        for direction, late in state.lateness.items()
    ]
    return Table(("client", "forwarder", "late p50", "late p99", "late max", "restarts"), rows)


def drops(places: Mapping[str, LinkState | None]) -> Iterator[str]:
    """One line per link and flow whose conditions have dropped packets since the forwarder started."""
    for place, link in places.items():
        if link and (causes := _causes(link.asked)):
            yield f"{place}: dropped so far: {causes}"


def discards(places: Mapping[str, LinkState | None]) -> Iterator[str]:
    """One line per link and flow of which the lab itself discarded packets; they do not count as network loss."""
    for place, link in places.items():
        for cause, count in (link.discarded if link else {}).items():
            packets = f"{count} packet{'s' * (count != 1)}"
            yield f"{place}: discarded by the lab itself so far: {packets} ({cause}: {_WHY[cause]})"


def too_slow_table(states: Mapping[str, ClientState]) -> Table:
    """The links on which this machine is too slow, as a table."""
    return Table(("unreliable measurements",), [(Bad(line),) for line in too_slow(states)])


def format_bytes(size: int) -> str:
    """A size with its unit: `795.8 kB`."""
    return next((f"{size / factor:.1f} {unit}" for unit, factor in _LARGE.items() if size >= factor), f"{size} B")


def _places(state: ClientState) -> Iterator[tuple[str, LinkState]]:
    """Each link and flow; the default flow only if there are others, as it equals the link otherwise."""
    yield from state.links.items()
    for name, directions in state.flows.items():
        if len(state.flows) > 1:
            yield from ((f"{direction} {name}", link) for direction, link in directions.items())


def _discarded(link: LinkState) -> str:
    return Bad(str(sum(link.discarded.values()))) if link.discarded else NOTHING


def _restarts(state: ClientState) -> str:
    if not state.restarts:
        return "0"
    return Bad(f"{state.restarts} ({state.hangs} hung)" if state.hangs else str(state.restarts))


def _late(late: Mapping[str, float], name: str) -> str:
    if name not in late:
        return NOTHING
    text = f"{late[name]:.3f} ms"
    return Bad(text) if late[name] > MOST_LATE_MS else text


def _causes(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{cause} {count}" for cause, count in counts.items() if count)
