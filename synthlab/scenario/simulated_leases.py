"""What a plan puts on one client: changes on its own conditions and on each other, in the order in which they began."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from syntheticnet.conditions import Conditions, ConditionsError

from .actions import Change
from .model import Place

MOST_LAYERS = 48
"""Of one client: a few less than it takes leases (64), for while one is replaced there are two."""


@dataclass(frozen=True, slots=True)
class _SimulatedLease:
    change: Change
    place: Place
    ends_ns: int | None


@dataclass(slots=True)
class SimulatedLeases:
    """`base` are the conditions that the client has by itself; times are nanoseconds since the plan began."""

    client: str
    base: Conditions
    _layers: dict[str, _SimulatedLease] = field(default_factory=dict)

    def put(self, at_ns: int, change: Change, place: Place) -> None:
        """On top; instead of an earlier change of the same layer. Raises WrongUse where there are too many."""
        ends_ns = None if change.lease_ns is None else at_ns + change.lease_ns
        self._layers.pop(change.layer, None)
        self._layers[change.layer] = _SimulatedLease(change, place, ends_ns)
        if len(self._layers) > MOST_LAYERS:
            place.wrong(f"puts more than {MOST_LAYERS} changes on {self.client} at a time: give them a `for`, or reset")

    def clear(self) -> None:
        self._layers.clear()

    def ended(self, now_ns: int) -> Iterator[int]:
        """Takes away what has ended by then, one after the other; yields the time at which each did."""
        ending = sorted((layer.ends_ns, id) for id, layer in self._layers.items() if layer.ends_ns is not None)
        for ends_ns, id in ending:
            if ends_ns <= now_ns:
                del self._layers[id]
                yield ends_ns

    def conditions(self, when: str = "") -> Conditions:
        """What is in force. Raises WrongUse, which says `when`, at the layer that cannot be put on those below it."""
        conditions = self.base
        for layer in self._layers.values():
            change = layer.change.change
            try:
                conditions = Conditions.from_dict(change) if layer.change.replace else conditions.changed(change)
            except ConditionsError as error:
                layer.place.wrong(f"{when}{self.client}: {error}")
        return conditions
