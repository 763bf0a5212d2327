"""When the network was not as at the start: changed conditions, paused or stopped containers, competing traffic."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import groupby
from typing import Any

from ..scenario.formatting import doc_text
from ..scenario.record import Configured, Played, Record
from .chart import Shade

_ENDS = {"pause": ("unpause", "restart"), "stop": ("start", "restart")}


def changes(record: Record) -> tuple[Shade, ...]:
    """The spans of all clients, in order of time. Conditions that follow each other are one span."""
    by_client: dict[str, list[Configured]] = {}
    for entry in record.configured:
        by_client.setdefault(entry.client, []).append(entry)
    spans = [span for client, entries in by_client.items() for span in _conditions(client, entries, record.duration_s)]
    spans += [span for step in record.steps for span in _actions(step, record)]
    return tuple(sorted(spans, key=lambda span: (span.begins_s, span.client)))


def _conditions(client: str, entries: list[Configured], ends_s: float) -> Iterator[Shade]:
    entries = sorted(entries, key=lambda entry: entry.at_s)
    normal = _unseeded(entries[0].conditions)
    untils = [*(entry.at_s for entry in entries[1:]), ends_s]
    spans = list(zip(entries, untils, strict=True))
    for normally, group in groupby(spans, key=lambda span: _unseeded(span[0].conditions) == normal):
        if not normally:
            together = list(group)
            (first, _), (_, until_s) = together[0], together[-1]
            text = _text(first.conditions, normal) if len(together) == 1 else f"{len(together)} changes"
            begins_s, until_s = min(first.at_s, ends_s), min(until_s, ends_s)
            yield Shade(begins_s=begins_s, ends_s=until_s, client=client, text=f"{client}: {text}")


def _actions(step: Played, record: Record) -> Iterator[Shade]:
    if step.began_s is None:
        return
    for client in step.clients:
        ends_s = None
        if step.kind in _ENDS:
            later = (one for one in record.steps if one.kind in _ENDS[step.kind] and client in one.clients)
            begun = [one.began_s for one in later if one.began_s is not None and one.began_s >= step.began_s]
            ends_s = min(begun, default=record.duration_s)
        elif step.kind == "traffic":
            ends_s = step.until_s
        if ends_s is not None:
            yield Shade(begins_s=step.began_s, ends_s=ends_s, client=client, text=step.text)


def _unseeded(conditions: Mapping[str, Any]) -> dict[str, Any]:
    """Without the seed: every run sets it, which does not change the network."""
    return {name: value for name, value in conditions.items() if name != "seed"}


def _text(conditions: Mapping[str, Any], normal: Mapping[str, Any]) -> str:
    """What differs from the start, on one line."""
    differing = {
        name: _only(value, normal.get(name))
        for name, value in _unseeded(conditions).items()
        if normal.get(name) != value
    }
    if state := differing.get("state"):
        return f"state {state}"
    return doc_text(differing) if any(differing.values()) else "fewer values than at the start"


def _only(value: Any, normal: Any) -> Any:
    """Of the values of a direction or a flow, those that differ."""
    if not isinstance(value, Mapping) or not isinstance(normal, Mapping):
        return value
    return {name: _only(one, normal.get(name)) for name, one in value.items() if normal.get(name) != one}
