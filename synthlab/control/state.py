"""A client's network state as its API reports it: conditions, counters, measured values."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from syntheticnet.conditions import DIRECTIONS, Conditions

from ..contract import OWN_CAUSES
from .versions import unreadable

MOST_LATE_MS = 50.0
"""Highest p99 send delay in a second; above this, the machine is too slow to judge."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkState:
    """Counters of one link or flow in one direction; `dropped` by cause. `achieved` omits values not measured."""

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
        """Packets dropped by its conditions and rules, by cause."""
        return {cause: count for cause, count in self.dropped.items() if count and cause not in OWN_CAUSES}

    @property
    def discarded(self) -> dict[str, int]:
        """Packets that the lab itself discarded, by cause; not part of the simulated network's loss."""
        return {cause: count for cause, count in self.dropped.items() if count and cause in OWN_CAUSES}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> LinkState:
        known = {name: values[name] for name in cls.__dataclass_fields__ if name in values}
        return cls(**({"dropped": {}, "achieved": {}} | known))


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleEntry:
    """A lease, or a change scheduled for later.

    `in_ns` is None once it has started, `left_ns` if it does not expire. With `replace` it replaces all conditions.
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
    """The state of one client's network; `answer` is the API's unparsed answer.

    `conditions` are the `base` with all `leases` applied, `present` are those in their state, and `configured` also
    without what is muted. They are parsed on first use, and raise SynthlabError if another version wrote them;
    `conditions_text` and `base_text` are as the API sent them. `entry` is the lease or scheduled change that this
    request created; `failures` has the errors of dropped ones by id. `links`, `lateness` and each of `flows` map a
    direction to its numbers; the flow `default` has packets of no other flow. `hangs` is how many of the forwarder's
    `restarts` happened because it hung; `busy` is the share of one processor that it used in the last second, and
    `reach_bps` its estimate of what it can forward one way.
    """

    conditions_text: Mapping[str, Any]
    base_text: Mapping[str, Any]
    leases: tuple[ScheduleEntry, ...]
    scheduled: tuple[ScheduleEntry, ...]
    failures: Mapping[int, str]
    entry: ScheduleEntry | None
    restarts: int
    hangs: int
    busy: float
    reach_bps: float
    lateness: Mapping[str, Mapping[str, float]]
    links: Mapping[str, LinkState]
    flows: Mapping[str, Mapping[str, LinkState]]
    answer: Mapping[str, Any]
    uplink: Mapping[str, Any] | None = None
    """Of a client behind a router: its `uplinks`, the one `in_use`, its `address`, and where it is `on_the_way_to`."""
    problem: str | None = None
    """A problem that the application reports, such as a page that cannot be loaded."""

    def with_entry_of(self, earlier: ClientState) -> ClientState:
        """This state, with the `entry` of an earlier answer, which has started since."""
        former = earlier.entry
        if former is None:
            return self
        entry = next((lease for lease in self.leases if lease.id == former.id), replace(former, in_ns=None))
        return replace(self, entry=entry, answer={**self.answer, "entry": earlier.answer["entry"]})

    @cached_property
    def conditions(self) -> Conditions:
        return self._parsed(self.conditions_text)

    @cached_property
    def present(self) -> Conditions:
        return self.conditions.in_state(self.conditions.state) if self.conditions.state else self.conditions

    @cached_property
    def configured(self) -> Conditions:
        return self.conditions.in_force()

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
            busy=answer["forwarder"].get("busy", 0.0),
            reach_bps=answer["forwarder"].get("reach_bps", math.inf),
            lateness=answer["forwarder"].get("lateness", {}),
            links=_links(answer["links"]),
            flows={name: _links(flow) for name, flow in answer["flows"].items()},
            answer=answer,
            uplink=answer.get("uplink"),
            problem=answer.get("problem"),
        )


def _links(values: Mapping[str, Any]) -> dict[str, LinkState]:
    return {direction: LinkState.from_dict(values[direction]) for direction in DIRECTIONS if direction in values}
