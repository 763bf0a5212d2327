"""Steps that go on beside others with what they have begun: which of their changes are still to be made, and where."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from .actions import Change


@dataclass(slots=True)
class Ongoing:
    """A step that is played again ends what it began the time before; a reset ends all that goes on at its clients."""

    _leads: dict[str, tuple[str, tuple[str, ...]]] = field(default_factory=dict)
    """By layer: the run that changes it, and the clients at which it goes on."""

    def begin(self, run: str, change: Change) -> Change:
        """The first change of a run, which is always made."""
        self._leads[change.layer] = run, change.clients
        return change

    def next(self, run: str, change: Change) -> Change | None:
        """What is to be made of a later change of a run."""
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
