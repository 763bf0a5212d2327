"""Simulates the leases of a plan on one client: changes applied to its base conditions in the order they started."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from syntheticnet.conditions import Conditions, ConditionsError

from .actions import Change
from .model import Place

MOST_LAYERS = 48
"""Per client; below the API's limit of 64 leases, because a layer holds two while its change is replaced."""


@dataclass(frozen=True, slots=True)
class _SimulatedLease:
    change: Change
    place: Place
    ends_ns: int | None


@dataclass(slots=True)
class SimulatedLeases:
    """`base` are the conditions from the stack; times are nanoseconds since the start of the plan."""

    client: str
    base: Conditions
    _layers: dict[str, _SimulatedLease] = field(default_factory=dict)

    def put(self, at_ns: int, change: Change, place: Place) -> None:
        """Add a change on top and drop the earlier one of its layer. Raises WrongUse if there are too many layers."""
        ends_ns = None if change.lease_ns is None else at_ns + change.lease_ns
        # Taken out first: a dict keeps the place of a key that is set again, and the change must go on top.
        self._layers.pop(change.layer, None)
        self._layers[change.layer] = _SimulatedLease(change, place, ends_ns)
        if len(self._layers) > MOST_LAYERS:
            place.wrong(f"{self.client} has more than {MOST_LAYERS} changes at a time; add `for` to them, or reset")

    def clear(self) -> None:
        self._layers.clear()

    def ended(self, now_ns: int) -> Iterator[int]:
        """Remove expired changes one by one, yielding the time at which each expired."""
        ending = sorted((layer.ends_ns, id) for id, layer in self._layers.items() if layer.ends_ns is not None)
        for ends_ns, id in ending:
            if ends_ns <= now_ns:
                del self._layers[id]
                yield ends_ns

    def conditions(self, when: str = "") -> Conditions:
        """The conditions in force. Raises WrongUse, prefixed by `when`, at a layer that does not fit those below it."""
        conditions = self.base
        for layer in self._layers.values():
            change = layer.change.change
            try:
                conditions = Conditions.from_dict(change) if layer.change.replace else conditions.changed(change)
            except ConditionsError as error:
                layer.place.wrong(f"{when}{self.client}: {error}")
        return conditions
