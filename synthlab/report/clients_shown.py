"""Chooses the clients to draw, and those shown unfolded: nobody reads a page with 50."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ..scenario.expression import METRICS
from ..scenario.record import Record
from .configured import ConfiguredLinks
from .probes import probed

MOST_OPEN, MOST_DRAWN = 6, 16

_WORD = re.compile(r"[A-Za-z0-9_-]+")


@dataclass(frozen=True, slots=True)
class Choice:
    """`opened` are shown unfolded, `folded` can be unfolded, and `left_out` are not in the page."""

    opened: tuple[str, ...]
    folded: tuple[str, ...]
    left_out: tuple[str, ...]


def chosen(record: Record) -> Choice:
    """Clients named in expectations come first, then those whose conditions changed, then the others."""
    clients = drawable(record)
    named = _named(record)
    changed = {name for name in clients if ConfiguredLinks.of(record.configured, name, record.duration_s).changed}
    acted_on = {name for step in record.steps for name in step.clients}
    looked_at = [name for name in clients if name in named | changed | acted_on] or list(clients)
    looked_at.sort(key=lambda name: (name not in named, name not in changed))
    order = [*looked_at, *(name for name in clients if name not in looked_at)]
    opened = order[: min(MOST_OPEN, len(looked_at))]
    drawn = order[:MOST_DRAWN]
    return Choice(tuple(opened), tuple(drawn[len(opened) :]), tuple(order[MOST_DRAWN:]))


def drawable(record: Record) -> tuple[str, ...]:
    """The clients, then servers and services with something to draw: conditions, probes, or metrics that were read."""
    conditioned = [entry.client for entry in record.configured]
    read = [name.split(".") for one in record.judged for name in one.seen]
    published = [parts[0] for parts in read if parts[1:2] == [METRICS]]
    return tuple(dict.fromkeys((*record.clients, *conditioned, *probed(record.samples), *published)))


def asked_numbers(record: Record, client: str) -> tuple[str, ...]:
    """The numbers of a client that expectations read, without duplicates."""
    seen = (name for judged in record.judged for name in judged.seen)
    return tuple(dict.fromkeys(name for name in seen if name.startswith(f"{client}.")))


def _named(record: Record) -> set[str]:
    """All names in expectations, including those of remote participants."""
    return {word for judged in record.judged for text in (judged.text, *judged.seen) for word in _WORD.findall(text)}
