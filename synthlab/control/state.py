"""What a client's API tells of its network: conditions in force, counters, and what is achieved."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from syntheticnet.conditions import DIRECTIONS, Conditions

from ..contract import OWN_CAUSES

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
    held: int = 0
    duplicated: int = 0
    originated: int = 0
    exempt: int = 0
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
    """A change that is in force for a time (a lease), or waits for its time. The times left are in seconds.

    `in_s` is None where it has begun, `left_s` where it is for good. A `whole` one replaces everything.
    """

    id: int
    change: Mapping[str, Any]
    whole: bool
    in_s: float | None
    left_s: float | None
    late_s: float

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> ScheduleEntry:
        seconds = {name: values[f"{name}_ns"] / 1e9 for name in ("in", "left", "late") if f"{name}_ns" in values}
        whole = "replace" in values
        return cls(
            id=values["id"],
            change=values["replace" if whole else "change"],
            whole=whole,
            in_s=seconds.get("in"),
            left_s=seconds.get("left"),
            late_s=seconds.get("late", 0.0),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientState:
    """One client's network as its API tells it; `answer` is that answer itself.

    `conditions` are those in force: the `base` with each of the `leases` put on it. `entry` is what a change with a
    time has made, and `failures` tell by id what has become impossible and was dropped. `links`, `lateness` and each
    of `flows` map a direction to its numbers; the flow `default` is all that no other flow takes. Of the forwarder's
    `restarts`, `hangs` were made because it gave no sign of life.
    """

    conditions: Conditions
    base: Conditions
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
        told = earlier.entry
        if told is None:
            return self
        entry = next((lease for lease in self.leases if lease.id == told.id), replace(told, in_s=None))
        return replace(self, entry=entry, answer={**self.answer, "entry": earlier.answer["entry"]})

    @classmethod
    def from_dict(cls, answer: Mapping[str, Any]) -> ClientState:
        return cls(
            conditions=Conditions.from_dict(answer["conditions"]),
            base=Conditions.from_dict(answer.get("base", answer["conditions"])),
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
