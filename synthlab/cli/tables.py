"""Builds the tables and lines that show a lab; `console` prints them."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import compress
from typing import Any

from syntheticnet.conditions import DIRECTIONS, LinkConditions, Nat, longest_wait_ms

from ..contract import HOST, VNC_PORT
from ..control.addresses import api_url
from ..control.container_lookup import with_holders
from ..control.group_change import GroupChange
from ..control.slowness import out_of_reach
from ..control.state import ClientState, LinkState, ScheduleEntry
from ..control.webrtc_stats import KINDS, Stats, Values
from ..engine.containers import Container
from ..engine.ttl import format_left
from ..text.quantities import named
from .console import Bad, Table

NOTHING = "-"
_CHANGED = (*DIRECTIONS, "muted", "order", "states", "state", "dns", "nat", "seed")
"""The keys of a change, without its flows."""

TableRow = tuple[str, ...]


CUT_OFF, NOT_IMPAIRED, NO_ANSWER = "cut off", "not impaired", "no answer"


def containers_table(
    containers: Sequence[Container], restarts: Mapping[str, int | None], now: float, lost: Collection[str] = ()
) -> Table:
    """One row per container; `restarts` are the forwarder's, by id of the containers whose API answered.

    They are None where the API was not asked. `lost` are the ids of servers that are cut off from their companions. A
    server and the companion that holds its network are one row. Columns without information are omitted: `lab` if there
    is only one, the last four if they are empty.
    """
    rows = [_container_row(container, holder, restarts, now, lost) for container, holder in with_holders(containers)]
    columns = ("lab", "name", "app", "state", "API", "VNC", "time left", "forwarder restarts", "node")
    several = len({container.lab for container in containers}) > 1
    shown_columns = [
        several,
        True,
        True,
        True,
        True,
        *(any(row[place] != NOTHING for row in rows) for place in (5, 6, 7, 8)),
    ]
    return Table(tuple(compress(columns, shown_columns)), [tuple(compress(row, shown_columns)) for row in rows])


def conditions_table(states: Mapping[str, ClientState]) -> Table:
    """The configured values of each link and flow."""
    rows = [(name, place, requested) for name, state in states.items() for place, requested, _ in _conditions(state)]
    return Table(("client", "link", "configured"), rows)


def achieved_table(states: Mapping[str, ClientState]) -> Table:
    """The configured values of each link and flow, next to those measured over the last second."""
    rows = [
        (name, place, requested, _achieved(link))
        for name, state in states.items()
        for place, requested, link in _conditions(state)
    ]
    return Table(("client", "link", "configured", "achieved (last second)"), rows)


def places(states: Mapping[str, ClientState]) -> dict[str, LinkState | None]:
    """The counters of each link and flow, by a name such as `client2 egress`."""
    return {f"{name} {place}": link for name, state in states.items() for place, _, link in _conditions(state)}


def stats_table(stats: Mapping[str, Stats]) -> Table:
    """WebRTC statistics of each client, by remote participant."""
    rows = [
        (viewer, kind, participant, _stats(values))
        for viewer, seen in stats.items()
        for kind in KINDS
        for participant, values in sorted(getattr(seen, kind).items())
    ]
    return Table(("client", "receives", "from", "stats"), rows)


def schedule_table(states: Mapping[str, ClientState]) -> Table:
    """Leases with their remaining time, and scheduled changes."""
    rows = [
        (name, f"{what} {entry.id}", _change(entry), _times(entry))
        for name, state in states.items()
        for what, entries in (("lease", state.leases), ("scheduled", state.scheduled))
        for entry in entries
    ]
    return Table(("client", "what", "change", "when"), rows)


def moments(made: GroupChange, now: float) -> Iterator[str]:
    """Lines that say when a change is in force, in local time; `now` is in seconds since the epoch."""
    names = ", ".join(made.states)
    if made.apart_ns is not None:
        apart = f"within {made.apart_ns / 1e6:.1f} ms of each other" if made.apart_ns else "at the same time"
        yield f"{names}: in force {apart}"
    entry = next((state.entry for state in made.states.values() if state.entry), None)
    if entry is None:
        return
    if entry.in_ns is not None:
        in_s = entry.in_ns / 1e9
        yield f"{names}: in force at {_wall(now + in_s)}, in {in_s:.1f} s"
    if entry.left_ns is not None:
        left_s = entry.left_ns / 1e9
        reverts = "reverts" if len(made.states) == 1 else "revert"
        yield f"{names}: {reverts} automatically at {_wall(now + left_s)}, in {left_s:.1f} s"


def _wall(seconds: float) -> str:
    return time.strftime("%H:%M:%S", time.localtime(seconds))


def _change(entry: ScheduleEntry) -> str:
    """A change on one line: `egress loss 5%, latency none; *:udp ingress loss 1%`."""
    owners = [("", entry.change), *((f"{name} ", flow) for name, flow in (entry.change.get("flows") or {}).items())]
    parts = ["replace all with"] if entry.replace else []
    for prefix, owner in owners:
        if owner is None:
            parts.append(f"{prefix}removed")
            continue
        parts += [f"{prefix}{key} {_changed(owner[key])}" for key in _CHANGED if key in owner]
    return "; ".join(parts) or "nothing"


def _changed(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(value)
    if isinstance(value, Mapping):
        # A state has values of its own: too many for one line.
        return ", ".join(name if isinstance(item, Mapping) else f"{name} {word(item)}" for name, item in value.items())
    return word(value)


def _times(entry: ScheduleEntry) -> str:
    parts = [f"in {entry.in_ns / 1e9:.1f} s"] if entry.in_ns is not None else []
    if entry.left_ns is not None:
        parts.append(f"{'reverts in' if entry.in_ns is None else 'ends in'} {entry.left_ns / 1e9:.1f} s")
    return ", ".join(parts)


def _container_row(
    container: Container,
    holder: Container | None,
    restarts: Mapping[str, int | None],
    now: float,
    lost: Collection[str],
) -> TableRow:
    vnc, network = container.ports.get(VNC_PORT), holder or container
    state, restarted = _state(container, holder, restarts, lost), restarts.get(network.id)
    return (
        container.lab,
        container.network_name if container is holder else container.title,
        container.app,
        Bad(state) if container.failed or state in (CUT_OFF, NOT_IMPAIRED, NO_ANSWER) else state,
        api_url(network) or NOTHING,
        f"{HOST}:{vnc}" if vnc else NOTHING,
        format_left(container.expires, now) or NOTHING,
        Bad(str(restarted)) if restarted else NOTHING,
        network.node or NOTHING,
    )


def _state(
    container: Container, holder: Container | None, restarts: Mapping[str, int | None], lost: Collection[str]
) -> str:
    network = holder or container
    if container is holder:
        return NOT_IMPAIRED
    if container.id in lost:
        return CUT_OFF
    if network.ready and network.conditioned and api_url(network) and network.id not in restarts:
        return NO_ANSWER
    if container.done:
        return "done"
    return container.state if container.state != "running" else container.health or "running"


def _conditions(state: ClientState) -> Iterator[tuple[str, str, LinkState | None]]:
    """Each link and flow, with its configured values and its counters."""
    for direction in DIRECTIONS:
        link = getattr(state.present, direction)
        requested = _configured(link, link)
        if requested and state.present.muted:
            requested = f"muted: {requested}"
        yield direction, requested or "perfect", state.links.get(direction)
    for flow in state.present.flows:
        for direction in DIRECTIONS:
            own = getattr(flow, direction)
            requested = _configured(own, own.over(getattr(state.configured, direction)))
            if flow.muted:
                requested = f"muted: {requested}" if requested else "muted"
            place = f"{direction} {flow.name}"
            yield place, requested or "same as the link", state.flows.get(flow.name, {}).get(direction)


def _configured(own: LinkConditions, effective: LinkConditions) -> str:
    """The values of a link or flow; notes the queue that a rate implies, and values without effect."""
    void, parts = own.void(), []
    for name, value in own.to_dict().items():
        part = f"{name} {word(value)}"
        if name in void:
            part += f" (no effect without {void[name]})"
        elif (
            name == "rate"
            and (own.queue is None or own.queue.kind != "time")
            and (wait_ms := longest_wait_ms(effective)) is not None
        ):
            part += f" (queue of {wait_ms:.0f}ms)"
        parts.append(part)
    return ", ".join(parts)


def nat_text(nat: Nat) -> str:
    """A NAT on one line: `full-cone, hairpin on, mapping_timeout 30s`."""
    written = nat.to_written()
    if isinstance(written, str):
        return written
    return ", ".join([written["kind"], *(f"{key} {word(value)}" for key, value in written.items() if key != "kind")])


def walks(states: Mapping[str, ClientState]) -> Iterator[str]:
    """A line for each router's NAT, and for each walk between states: where the client is, and its stays so far."""
    for name, state in states.items():
        if state.present.nat != Nat():
            yield f"{name}: nat {nat_text(state.present.nat)}"
        if (walk := state.answer.get("walk")) is not None:
            stays = [
                f"{one} {its['entered']} {'time' if its['entered'] == 1 else 'times'} ({its['spent_s']:.1f} s)"
                for one, its in walk["states"].items()
            ]
            yield f"{name}: in state {walk['state']} for {walk['age_s']:.1f} s; so far {', '.join(stays)}"


def uplink_lines(states: Mapping[str, ClientState]) -> Iterator[str]:
    """A line for each client with several uplinks: which one is in use, and the address there."""
    for name, state in states.items():
        if state.uplink and len(state.uplink["uplinks"]) > 1:
            yield uplink_line(name, state.uplink)


def uplink_line(name: str, uplink: Mapping[str, Any]) -> str:
    """Where a client is: `phone: in lte at 10.64.5.3; can roam to home`."""
    place = f"in {uplink['in_use']} at {uplink['address']}" if uplink["in_use"] else "in no network"
    way = f", on the way to {uplink['on_the_way_to']}" if uplink["on_the_way_to"] and not uplink["in_use"] else ""
    others = [one for one in uplink["uplinks"] if one != uplink["in_use"]]
    return f"{name}: {place}{way}" + (f"; can roam to {', '.join(others)}" if others else "")


MOST_PATHS = 3


def notes(states: Mapping[str, ClientState]) -> Iterator[str]:
    """What people tend to overlook: rates out of reach, latencies that add up, jitter that raises the mean delay."""
    yield from out_of_reach(states)
    yield from _sums(states)
    yield from _ordered(states)


def _sums(states: Mapping[str, ClientState]) -> Iterator[str]:
    """One line for the paths on which the latencies of both ends add up: people often set it at both."""
    out = {name: ns for name, state in states.items() if (ns := state.configured.egress.latency_ns)}
    into = {name: ns for name, state in states.items() if (ns := state.configured.ingress.latency_ns)}
    ends = [(a, b) for a in out for b in into if a.partition("@")[0] != b.partition("@")[0]]
    paths = [f"{a} to {b} {(out[a] + into[b]) / 1e6:g} ms" for a, b in ends]
    if paths:
        more = f", and {len(paths) - MOST_PATHS} more" if len(paths) > MOST_PATHS else ""
        yield f"latencies of both ends add up: {', '.join(paths[:MOST_PATHS])}{more}"


def _ordered(states: Mapping[str, ClientState]) -> Iterator[str]:
    """One line per latency of links whose jitter preserves packet order: that raises the mean delay above it."""
    ordered: dict[str, list[str]] = {}
    for name, state in states.items():
        for direction in DIRECTIONS:
            link = getattr(state.configured, direction)
            if link.jitter_ns and not link.reordering:
                ordered.setdefault(link.to_dict().get("latency", "0ms"), []).append(f"{name} {direction}")
    for latency, places in ordered.items():
        yield (
            f"{', '.join(places)}: packets keep their order, so the mean delay is above {latency} "
            "and grows with the packet rate (use --reordering to let packets overtake)"
        )


def word(value: object) -> str:
    """A value as it is written in files."""
    if value is None:
        return "none"
    return str(value).lower() if isinstance(value, bool) else str(value)


def _achieved(link: LinkState | None) -> str:
    """The measured values of a link."""
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
    if "queue_delay_p95_ms" in measured:
        parts.append(f"in the queue {measured['queue_delay_p50_ms']:.1f}ms")
        parts.append(f"(p95 {measured['queue_delay_p95_ms']:.1f}ms)")
    return " ".join([*parts, f"{measured['packets']:.0f} packets"])


def _stats(values: Values) -> str:
    """The values on one line. A negative `lost` is shown as 0: RTP counts expected minus received packets, duplicates
    included (RFC 3550, 6.4.1)."""
    rest = {**values, "lost": max(values["lost"], 0)} if "lost" in values else dict(values)
    size = [f"{rest.pop('width'):g}x{rest.pop('height'):g}"] if {"width", "height"} <= rest.keys() else []
    return ", ".join([*(named(name, value) for name, value in rest.items()), *size])
