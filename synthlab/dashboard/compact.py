"""What a page draws once a second, without what it does not need: states and stats of clients, made small."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import isfinite
from typing import Any

from ..control.probes import ProbeReading
from ..control.state import ClientState, LinkState, ScheduleEntry
from ..control.webrtc_stats import Stats
from ..text.durations import SECOND_NS

_RECEIVED = ("fps", "kbps", "lost", "freezes", "freeze_s")
_RECENT_S = 10.0
_SENT = ("fps", "kbps", "width", "height", "limited")


def compact_state(state: ClientState) -> dict[str, Any]:
    return {
        "conditions": state.conditions_text,
        "leases": [_entry(one) for one in state.leases],
        "scheduled": [_entry(one) for one in state.scheduled],
        "links": {direction: _link(link) for direction, link in state.links.items()},
        "history": list(state.answer.get("history", ())),
        "problem": state.problem,
        **({"reach_bps": state.reach_bps} if isfinite(state.reach_bps) else {}),
        **({"walk": _walk(state)} if "walk" in state.answer else {}),
    }


def compact_numbers(stats: Stats) -> dict[str, Any]:
    """What a client receives from each participant, and what it sends; without outdated values."""
    return {
        "video": {peer: _chosen(values, _RECEIVED) for peer, values in stats.video.items()},
        "audio": {peer: _chosen(values, _RECEIVED) for peer, values in stats.audio.items()},
        "sent": {kind: _chosen(values, _SENT) for kind, values in stats.sent.items() if isinstance(values, Mapping)},
    }


def compact_probes(readings: Iterable[ProbeReading]) -> dict[str, dict[str, Any]]:
    """What was measured of each probed service, by kind of probe; only who probes it where nothing is known."""
    compact: dict[str, dict[str, Any]] = {}
    for one in readings:
        compact.setdefault(one.name, {})[one.kind] = {"from": one.source, **one.values}
    return compact


def _walk(state: ClientState) -> dict[str, Any]:
    """Where its walk between states is, and each state of the last seconds with its age."""
    walk, now = state.answer["walk"], state.answer["monotonic_ns"]
    stays = ((stay["at_ns"], stay["state"]) for stay in walk["past"])
    past = [{"at_ns": at, "age_s": (now - at) / SECOND_NS, "state": name} for at, name in stays]
    return {"state": walk["state"], "past": [stay for stay in past if stay["age_s"] < _RECENT_S] or past[-1:]}


def _entry(one: ScheduleEntry) -> dict[str, Any]:
    entry = {"id": one.id, "change": one.change, "replace": one.replace, "in_ns": one.in_ns, "left_ns": one.left_ns}
    return {key: value for key, value in entry.items() if value not in (None, False)}


def _link(link: LinkState) -> dict[str, Any]:
    dropped = {cause: count for cause, count in link.dropped.items() if count}
    return {"achieved": dict(link.achieved), "queued": link.queued, "dropped": dropped}


def _chosen(values: Mapping[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    return {name: values[name] for name in names if name in values}
