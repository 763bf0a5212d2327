"""Tracks steps that keep changing conditions in parallel with later steps, and which of their changes still apply."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from .actions import Change


@dataclass(slots=True)
class Ongoing:
    """Running a step again stops its previous run; a reset stops every run on its clients.

    Without this, a ramp that was reset halfway would impair the client again with its next point.
    """

    _leads: dict[str, tuple[str, tuple[str, ...]]] = field(default_factory=dict)
    """By layer: the run that owns it, and the clients it still changes."""

    def begin(self, run: str, change: Change) -> Change:
        """Record the first change of a run; it always applies."""
        self._leads[change.layer] = run, change.clients
        return change

    def next(self, run: str, change: Change) -> Change | None:
        """A later change of a run, limited to the clients it still applies to; None if there are none."""
        leader, clients = self._leads.get(change.layer, ("", ()))
        if leader != run or not clients:
            return None
        return change if clients == change.clients else replace(change, clients=clients)

    def goes_on(self, run: str) -> bool:
        return any(leader == run and clients for leader, clients in self._leads.values())

    def reset(self, names: Iterable[str]) -> None:
        ended = set(names)
        self._leads = {
            layer: (run, tuple(name for name in clients if name not in ended))
            for layer, (run, clients) in self._leads.items()
        }
