"""Schedule of a client's conditions: a base, leases that override it for a time, and scheduled changes.

Pure: nothing here reads a clock or touches packets. Times are ns of CLOCK_MONOTONIC, which all containers of a machine
share.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from typing import Any

from ..conditions import Conditions, ConditionsError
from .history import API, MOST_CHANGE_BYTES, STARTUP, History, HistoryRecord, Kind, recorded
from .in_force import InForce, Names, Sowing
from .schedule_entry import ChangeRequest, Entry
from .state_walk import StateWalk

# Changes within these bounds drop nothing and hardly delay packets (docs/forwarder.md, Changes).
MOST_LEASES = 64
MOST_SCHEDULED = 256
MOST_WAITING_BYTES = 1 << 20
MOST_FAILURES = 8


@dataclass(frozen=True)
class ConditionSchedule:
    """One immutable state of the schedule; each operation returns the next one, or raises ConditionsError.

    The effective conditions are recomputed: the base with each lease applied in the order in which they started. So an
    expired lease reverts by being left out. It restores no saved values, and thus undoes no change made meanwhile.

    A lease or scheduled change that has become invalid is dropped, counted and reported.
    """

    base: Conditions = field(default_factory=Conditions)
    drawn: int = 0
    """The seed in force unless a change sets one."""
    seeded: int = 0
    """The entry that set the seed of the base; 0 if none did."""
    names: Names = field(default_factory=dict)
    leases: tuple[Entry, ...] = ()
    scheduled: tuple[Entry, ...] = ()
    failed: int = 0
    failures: tuple[Mapping[str, Any], ...] = ()
    next_id: int = 1
    history: History = ()
    stated: int = 0
    """The entry that set the states of the base."""
    walk: StateWalk | None = None

    @classmethod
    def started(cls, startup: Conditions, drawn: int, now: int) -> ConditionSchedule:
        """The schedule a client starts with."""
        request = ChangeRequest(change=startup.to_dict(), replace=True, by=STARTUP)
        return cls(startup, drawn)._noted("replace", Entry.requested(0, request, now), now)._walked(now)

    @cached_property
    def conditions(self) -> Conditions:
        """The effective conditions in their present state; their seed is never None."""
        return replace(self._requested, state=self.walk.stay.state) if self.walk else self._requested

    @cached_property
    def _requested(self) -> Conditions:
        """The effective conditions; their state is the one that the walk begins with."""
        effective = self.base
        for lease in self.leases:
            effective = lease.request.on(effective)
        return effective if effective.seed is not None else replace(effective, seed=self.drawn)

    @cached_property
    def base_text(self) -> dict[str, Any]:
        """The base as text; formatted once, for the report and for the next forwarder."""
        return self.base.to_dict()

    @cached_property
    def conditions_text(self) -> dict[str, Any]:
        """The effective conditions as text."""
        return (
            self.conditions.to_dict() if self.leases or self.walk else self.base_text | {"seed": self.conditions.seed}
        )

    @cached_property
    def in_force(self) -> InForce:
        return InForce(self.conditions.in_force(), self.addresses, self._sowing)

    @cached_property
    def _sowing(self) -> Sowing:
        by = self.seeded
        for lease in self.leases:
            if lease.request.sets_seed:
                # The last lease that sets or clears a seed decides. Its end changes the sowing once more, so the draws
                # restart then, too.
                by = lease.id if lease.request.parsed.seed is not None else 0
        return (by, self._requested.seed or 0)

    @cached_property
    def addresses(self) -> dict[str, Sequence[str]]:
        """Addresses by host name; the latest lookup wins."""
        addresses = dict(self.names)
        for lease in self.leases:
            addresses |= lease.request.names
        return addresses

    @property
    def hosts(self) -> dict[str, str]:
        """Host name -> a flow that names it, in the effective conditions and in the base below the leases."""
        hosts: dict[str, str] = {}
        for conditions in (*self._requested.each_state(), *self.base.each_state()):
            for flow in conditions.flows:
                if flow.match.name is not None:
                    hosts.setdefault(flow.match.name, flow.name)
        return hosts

    @property
    def located(self) -> Names:
        """The addresses of each host that flows name, those of scheduled changes included; none if not looked up."""
        later = {name: found for entry in self.scheduled for name, found in entry.request.names.items()}
        return {**dict.fromkeys(self.hosts, ()), **later, **self.addresses}

    def relocated(self, names: Names) -> ConditionSchedule:
        """The state with other addresses for these hosts, wherever it names them."""
        of_base = _hosts(self.base)
        own = {**self.names, **{name: names[name] for name in names if name in of_base}}
        leases, scheduled = (
            tuple(entry.relocated(names) for entry in entries) for entries in (self.leases, self.scheduled)
        )
        return replace(self, names=own, leases=leases, scheduled=scheduled)

    @cached_property
    def deadline(self) -> int | None:
        """When the next lease or stay in a state ends, or the next change is due; None if never."""
        ends = [lease.expires_ns for lease in self.leases if lease.expires_ns is not None]
        ends += [self.walk.until_ns] if self.walk else []
        return min([*ends, *(entry.at_ns for entry in self.scheduled[:1])], default=None)

    def due(self, now: int) -> ConditionSchedule:
        """The state after everything due by `now`, in order of time; `self` if nothing is due."""
        schedule = self
        # Step by step, each at its own time, so that a late look finds the same state as a timely one.
        while (at := schedule.deadline) is not None and at <= now:
            schedule = schedule._stepped(at)
        return schedule

    def ask(
        self, request: ChangeRequest, now: int, at_ns: int | None = None, lease_ns: int | None = None
    ) -> tuple[ConditionSchedule, Entry]:
        """Apply `request` now or at a time, permanently or as a lease; returns the next state and the new entry.

        A request for a later time is first checked against the present conditions. When a permanent replacement takes
        effect, it drops all leases and scheduled changes requested before it; one that is a lease only hides them.
        """
        entry = Entry.requested(self.next_id, request, now, at_ns, lease_ns)
        applied = replace(self, next_id=entry.id + 1)._with(entry, max(entry.at_ns, now))
        if entry.at_ns <= now:
            return applied, entry
        self._refuse_more(entry, self.scheduled, MOST_SCHEDULED, "scheduled changes")
        scheduled = list(self.scheduled)
        insort(scheduled, entry, key=_when)
        return replace(self, next_id=entry.id + 1, scheduled=tuple(scheduled)), entry

    def preview(self, request: ChangeRequest, lease: bool) -> ConditionSchedule:
        """The state as if `request` took effect now; raises ConditionsError."""
        expires = 0 if lease else None
        return self._with(Entry(id=self.next_id, request=request, at_ns=0, expires_ns=expires, size=0), 0)

    def renew(self, id: int, lease_ns: int, now: int) -> ConditionSchedule:
        """Extend a lease to `lease_ns` from now, or from its start if it has not started yet."""
        renewed = self._find(id).renewed(lease_ns, now)
        leases, scheduled = (
            tuple(renewed if other.id == id else other for other in entries)
            for entries in (self.leases, self.scheduled)
        )
        return replace(self, leases=leases, scheduled=scheduled)

    def release(self, id: int, now: int, by: str = API) -> ConditionSchedule:
        """End a lease or cancel a scheduled change."""
        entry, schedule = self._find(id), self._without({id})
        if entry in self.leases:
            schedule = schedule._recorded(HistoryRecord(at_ns=now, by=by, kind="released", id=id))
        return schedule._settled(now)

    def roamed(self, to: str, by: str, now: int) -> ConditionSchedule:
        """The state with a record of the client's way to another network or address; no condition changes."""
        return self._recorded(HistoryRecord(at_ns=now, by=by, kind="roam", id=0, to=to))

    def report(self, now: int) -> dict[str, Any]:
        return {
            "conditions": self.conditions_text,
            "base": self.base_text,
            **({"walk": self.walk.describe(now)} if self.walk else {}),
            "leases": [entry.describe(now) for entry in self.leases],
            "scheduled": [entry.describe(now) for entry in self.scheduled],
            "failed": {"count": self.failed, "last": [dict(failure) for failure in self.failures]},
            "history": [record.describe(now) for record in self.history],
        }

    def to_dict(self) -> dict[str, Any]:
        """The complete state as JSON values; `from_dict` reads it back."""
        entries = {"leases": self.leases, "scheduled": self.scheduled}
        return {
            "base": self.base_text,
            "drawn": self.drawn,
            "seeded": self.seeded,
            "names": dict(self.names),
            **{name: [asdict(entry) for entry in group] for name, group in entries.items()},
            "failed": self.failed,
            "failures": list(self.failures),
            "next_id": self.next_id,
            "history": [asdict(record) for record in self.history],
            "stated": self.stated,
            "walk": asdict(self.walk) if self.walk else None,
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> ConditionSchedule:
        entries = {name: tuple(map(Entry.from_dict, values[name])) for name in ("leases", "scheduled")}
        base = Conditions.from_dict(values["base"])
        history = tuple(HistoryRecord(**record) for record in values["history"])
        walk = StateWalk.from_dict(values["walk"]) if values["walk"] else None
        own = {"base": base, "failures": tuple(values["failures"]), "history": history, "walk": walk}
        return cls(**{**values, **own, **entries})

    def _stepped(self, at: int) -> ConditionSchedule:
        """The state after one step at `at`: leases that expire, else the walk's, else the first scheduled change."""
        # At equal times leases end first: a change for that moment meets the conditions without them.
        expired = [lease for lease in self.leases if lease.expires_ns is not None and lease.expires_ns <= at]
        if expired:
            rest = self._without({lease.id for lease in expired})
            for lease in expired:
                rest = rest._recorded(HistoryRecord(at_ns=at, by=lease.request.by, kind="expired", id=lease.id))
            return rest._settled(at)
        if self.walk is not None and self.walk.until_ns <= at:
            return replace(self, walk=self.walk.moved(self._requested))
        entry, rest = self.scheduled[0], replace(self, scheduled=self.scheduled[1:])
        try:
            return rest._with(entry, at)
        except ConditionsError as error:
            return rest._failed(entry, error, at)

    def _with(self, entry: Entry, now: int) -> ConditionSchedule:
        """The state with `entry` in force from `now`; raises ConditionsError."""
        request = entry.request
        if entry.expires_ns is not None:
            self._refuse_more(entry, self.leases, MOST_LEASES, "leases")
            request.on(self.conditions)
            lasts_ns = entry.expires_ns - entry.at_ns
            schedule = replace(self, leases=(*self.leases, entry))._noted("lease", entry, now, lasts_ns)
            return schedule._walked(entry.at_ns)
        base = request.on(self.base)
        names = request.names if request.replace else {**self.names, **request.names}
        used = _hosts(base)
        seeded = (entry.id if base.seed is not None else 0) if request.sets_seed else self.seeded
        anew = request.sets_walk and (request.restarts_walk or base.pace != self.base.pace)
        stated = entry.id if anew else self.stated
        names = {name: names[name] for name in names if name in used}
        schedule = replace(self, base=base, seeded=seeded, stated=stated, names=names)
        if request.replace and not request.keep:
            schedule = schedule._without({other.id for other in (*self.leases, *self.scheduled) if other.id < entry.id})
        return schedule._noted("replace" if request.replace else "change", entry, now)._settled(entry.at_ns)

    def _settled(self, now: int) -> ConditionSchedule:
        """The state without leases that no longer apply to the conditions below them."""
        effective, schedule = self.base, self
        for lease in self.leases:
            try:
                effective = lease.request.on(effective)
            except ConditionsError as error:
                schedule = schedule._without({lease.id})._failed(lease, error, now)
        return schedule._walked(now)

    def _walked(self, now: int) -> ConditionSchedule:
        """The state with the walk that belongs to it: begun at `now` if states or seed have been set since."""
        if not self._requested.states:
            return replace(self, walk=None) if self.walk else self
        begun = [self.stated, *(lease.id for lease in self.leases if lease.request.sets_walk)][-1], self._sowing
        if self.walk is not None and self.walk.begun == begun:
            return self
        return replace(self, walk=StateWalk.started(begun, self._requested, now))

    def _failed(self, entry: Entry, error: ConditionsError, now: int) -> ConditionSchedule:
        failures = (*self.failures, {"id": entry.id, "at_ns": now, "error": str(error)})[-MOST_FAILURES:]
        return replace(self, failed=self.failed + 1, failures=failures)._noted("failed", entry, now)

    def _noted(self, kind: Kind, entry: Entry, now: int, lasts_ns: int | None = None) -> ConditionSchedule:
        """The state with a record of an entry, including its change."""
        change = entry.request.change if entry.size <= MOST_CHANGE_BYTES else None
        by = entry.request.by
        return self._recorded(HistoryRecord(at_ns=now, by=by, kind=kind, id=entry.id, change=change, lasts_ns=lasts_ns))

    def _recorded(self, record: HistoryRecord) -> ConditionSchedule:
        return replace(self, history=recorded(self.history, record))

    def _without(self, ids: set[int]) -> ConditionSchedule:
        kept = [tuple(entry for entry in group if entry.id not in ids) for group in (self.leases, self.scheduled)]
        return replace(self, leases=kept[0], scheduled=kept[1])

    def _find(self, id: int) -> Entry:
        entries = {entry.id: entry for entry in (*self.leases, *self.scheduled)}
        if id not in entries:
            raise ConditionsError(f"no lease or scheduled change {id}; there are: {_listed(entries)}")
        return entries[id]

    def _refuse_more(self, entry: Entry, group: Sequence[Entry], most: int, what: str) -> None:
        if len(group) >= most:
            raise ConditionsError(f"there are already {most} {what}; cancel one first")
        waiting = sum(other.size for other in (*self.leases, *self.scheduled))
        if waiting + entry.size > MOST_WAITING_BYTES:
            raise ConditionsError(f"leases and scheduled changes exceed {MOST_WAITING_BYTES} bytes; cancel one first")


def _hosts(conditions: Conditions) -> set[str | None]:
    """The names of the hosts in the flows of all states."""
    return {flow.match.name for present in conditions.each_state() for flow in present.flows}


def _when(entry: Entry) -> tuple[int, int]:
    return entry.at_ns, entry.id


def _listed(ids: Mapping[int, Entry]) -> str:
    return ", ".join(map(str, sorted(ids))) or "none"
