"""Where the walk between the states of a client's conditions is. Pure, as the schedule."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from ..conditions import Conditions, Stay, first_stay, next_stay
from .in_force import Sowing

MOST_PAST = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class StateWalk:
    """A walk in `stay` since `since_ns`; another entry in `begun`, or another sowing, makes it another walk.

    `entered` counts the stays in each state, and `spent_ns` sums those that are over. `past` are the last states with
    the time at which each began, the present one included.
    """

    begun: tuple[int, Sowing]
    stay: Stay
    since_ns: int
    entered: Mapping[str, int]
    spent_ns: Mapping[str, int]
    past: tuple[tuple[int, str], ...]

    @classmethod
    def started(cls, begun: tuple[int, Sowing], conditions: Conditions, now: int) -> StateWalk:
        """A walk that begins at `now` in the state of these conditions, which have a seed."""
        assert conditions.state is not None
        stay = first_stay(conditions.states, conditions.state, conditions.seed or 0)
        names = [state.name for state in conditions.states]
        return cls(
            begun=begun,
            stay=stay,
            since_ns=now,
            entered={name: int(name == stay.state) for name in names},
            spent_ns=dict.fromkeys(names, 0),
            past=((now, stay.state),),
        )

    @property
    def until_ns(self) -> int:
        return self.since_ns + self.stay.lasts_ns

    def moved(self, conditions: Conditions) -> StateWalk:
        """The walk in its next state, from the end of this stay."""
        stay, left, at = next_stay(conditions.states, self.stay, conditions.seed or 0), self.stay, self.until_ns
        return replace(
            self,
            stay=stay,
            since_ns=at,
            entered={**self.entered, stay.state: self.entered[stay.state] + 1},
            spent_ns={**self.spent_ns, left.state: self.spent_ns[left.state] + left.lasts_ns},
            past=(*self.past, (at, stay.state))[-MOST_PAST:],
        )

    def describe(self, now: int) -> dict[str, Any]:
        """The walk as the API reports it."""
        spent = {**self.spent_ns, self.stay.state: self.spent_ns[self.stay.state] + now - self.since_ns}
        return {
            "state": self.stay.state,
            "since_ns": self.since_ns,
            "until_ns": self.until_ns,
            "age_s": (now - self.since_ns) / 1e9,
            "states": {name: {"entered": count, "spent_s": spent[name] / 1e9} for name, count in self.entered.items()},
            "past": [{"at_ns": at, "state": state} for at, state in self.past],
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> StateWalk:
        entry, (by, seed) = values["begun"]
        past = tuple((at, state) for at, state in values["past"])
        return cls(**{**values, "begun": (entry, (by, seed)), "stay": Stay(**values["stay"]), "past": past})
