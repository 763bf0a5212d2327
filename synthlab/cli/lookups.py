"""The table and lines of look-ups of names: what `dns` says of them, next to what became of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..control.state import ClientState
from .console import Table

NOTHING = "-"
_COUNTED = {
    "lookups": "look-ups",
    "delayed": "delayed",
    "failed": "failed",
    "unanswered": "unanswered",
    "made_up": "made up",
}


def lookups_table(states: Mapping[str, ClientState], counted: bool = True) -> Table:
    """A row for each name in `dns`, `counted` with its look-ups so far."""
    rows = [
        (client, name, _configured(entry.to_dict()), *(_counts(state, name) if counted else ()))
        for client, state in states.items()
        for name, entry in state.conditions.dns.items()
    ]
    return Table(("client", "dns", "configured", *(_COUNTED.values() if counted else ())), rows)


def resolver_troubles(states: Mapping[str, ClientState]) -> Iterator[str]:
    """Lines that say where look-ups are not conditioned, or the resolver has been restarted."""
    for client, state in states.items():
        resolver = state.answer.get("dns", {})
        if problem := resolver.get("problem"):
            yield f"{client}: look-ups are not conditioned: {problem}"
        if restarts := resolver.get("restarts"):
            times = "once" if restarts == 1 else f"{restarts} times"
            yield f"{client}: the resolver was restarted {times}; look-ups waited meanwhile"


def _configured(values: Mapping[str, str]) -> str:
    return ", ".join(f"{key} {value}" for key, value in values.items())


def _counts(state: ClientState, name: str) -> tuple[str, ...]:
    counts: Mapping[str, Any] = state.answer.get("dns", {}).get("names", {}).get(name, {})
    return tuple(str(counts.get(key, NOTHING)) for key in _COUNTED)
