"""What a client's API tells of its network: conditions in force, counters, and what is achieved."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from syntheticnet.conditions import DIRECTIONS, Conditions

from ..contract import OWN_CAUSES
from .versions import unreadable

MOST_LATE_MS = 50.0
"""How late the latest hundredth of a second's packets may leave; later than that the machine is too slow."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkState:
    """Counters of one link or flow in one direction. What was dropped is counted by its cause.

    `achieved` lacks what was not measured.
    """

    packets_in: int = 0
    bytes_in: int = 0
    packets_out: int = 0
    bytes_out: int = 0
    dropped: Mapping[str, int]
    dropped_bytes: Mapping[str, int] = field(default_factory=dict)
    queued: int = 0
    duplicated: int = 0
    originated: int = 0
    bypassed: int = 0
    achieved: Mapping[str, float]

    @property
    def asked(self) -> dict[str, int]:
        """What its conditions and rules dropped, by cause."""
        return {cause: count for cause, count in self.dropped.items() if count and cause not in OWN_CAUSES}

    @property
    def discarded(self) -> dict[str, int]:
        """What the lab itself discarded, by cause: no network has lost it."""
        return {cause: count for cause, count in self.dropped.items() if count and cause in OWN_CAUSES}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> LinkState:
        known = {name: values[name] for name in cls.__dataclass_fields__ if name in values}
        return cls(**({"dropped": {}, "achieved": {}} | known))


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleEntry:
    """A change that is in force for a time (a lease), or waits for its time.

    `in_ns` is None where it has begun, `left_ns` where it is for good. A `replace` one replaces everything.
    """

    id: int
    change: Mapping[str, Any]
    replace: bool
    in_ns: int | None
    left_ns: int | None
    late_ns: int

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> ScheduleEntry:
        replacing = "replace" in values
        return cls(
            id=values["id"],
            change=values["replace" if replacing else "change"],
            replace=replacing,
            in_ns=values.get("in_ns"),
            left_ns=values.get("left_ns"),
            late_ns=values.get("late_ns", 0),
        )


@dataclass(frozen=True, kw_only=True)
class ClientState:
    """One client's network as its API tells it; `answer` is that answer itself.

    `conditions` are those in force: the `base` with each of the `leases` put on it. They are parsed when first used,
    and raise SynthlabError where another version wrote them; their texts are what the API sent. `entry` is what a
    change with a time has made, and `failures` tell by id what has become impossible and was dropped. `links`,
    `lateness` and each of `flows` map a direction to its numbers; the flow `default` is all that no other flow takes.
    Of the forwarder's `restarts`, `hangs` were made because it gave no sign of life.
    """

    conditions_text: Mapping[str, Any]
    base_text: Mapping[str, Any]
    leases: tuple[ScheduleEntry, ...]
    scheduled: tuple[ScheduleEntry, ...]
    failures: Mapping[int, str]
    entry: ScheduleEntry | None
    restarts: int
    hangs: int
    lateness: Mapping[str, Mapping[str, float]]
    links: Mapping[str, LinkState]
    flows: Mapping[str, Mapping[str, LinkState]]
    answer: Mapping[str, Any]
    problem: str | None = None
    """What is wrong with the application by its own account, such as a page that cannot be loaded."""

    def with_entry_of(self, earlier: ClientState) -> ClientState:
        """This state, with what an earlier answer told of a change that has begun since."""
        former = earlier.entry
        if former is None:
            return self
        entry = next((lease for lease in self.leases if lease.id == former.id), replace(former, in_ns=None))
        return replace(self, entry=entry, answer={**self.answer, "entry": earlier.answer["entry"]})

    @cached_property
    def conditions(self) -> Conditions:
        return self._parsed(self.conditions_text)

    @cached_property
    def base(self) -> Conditions:
        return self._parsed(self.base_text)

    def _parsed(self, text: Mapping[str, Any]) -> Conditions:
        try:
            return Conditions.from_dict(text)
        except ValueError as error:
            raise unreadable(str(self.answer.get("name", "a client")), self.answer) from error

    @classmethod
    def from_dict(cls, answer: Mapping[str, Any]) -> ClientState:
        return cls(
            conditions_text=answer["conditions"],
            base_text=answer.get("base", answer["conditions"]),
            leases=tuple(map(ScheduleEntry.from_dict, answer.get("leases", ()))),
            scheduled=tuple(map(ScheduleEntry.from_dict, answer.get("scheduled", ()))),
            failures={failure["id"]: failure["error"] for failure in answer.get("failed", {}).get("last", ())},
            entry=ScheduleEntry.from_dict(answer["entry"]) if "entry" in answer else None,
            restarts=answer["forwarder"]["restarts"],
            hangs=answer["forwarder"].get("hangs", 0),
            lateness=answer["forwarder"].get("lateness", {}),
            links=_links(answer["links"]),
            flows={name: _links(flow) for name, flow in answer["flows"].items()},
            answer=answer,
            problem=answer.get("problem"),
        )


def _links(values: Mapping[str, Any]) -> dict[str, LinkState]:
    return {direction: LinkState.from_dict(values[direction]) for direction in DIRECTIONS if direction in values}
