"""Answers the API's requests: checks a change, puts it in force, and saves it for the next forwarder."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from random import SystemRandom
from typing import Any, Protocol

from ..channel import FILE_PIECE
from ..conditions import DIRECTIONS, Conditions, ConditionsError, Nat, RoamRequest
from ..conditions.files import Files, named_files
from ..packets.counters import FlowCounters
from .history import API
from .in_force import InForce
from .per_flow import DEFAULT
from .schedule import ConditionSchedule
from .schedule_entry import ChangeRequest
from .shared_memory import SharedDocument
from .upload import Upload, is_same


class ConditionedNetwork(Protocol):
    """The network that the controller controls."""

    def adopt(self, requested: InForce, now: int) -> int:
        """Put this in force and return when that happened; parts already in force stay untouched. Raises Overtaken."""
        ...

    def arm(self, requested: InForce, at: int) -> None:
        """Prepare this and put it in force at that time, unless something else is adopted or armed before."""

    def disarm(self) -> None:
        """Cancel what was armed, if it is not in force yet."""

    def check_nat(self, nat: Nat) -> None:
        """Raise ConditionsError unless this network is a router's that can have this NAT."""

    def drop_mappings(self) -> None:
        """Drop all mappings of a router's NAT; raises ConditionsError for others."""

    def roam(self, request: RoamRequest) -> None:
        """Begin to change the client's network; raises ConditionsError if that is not possible."""
        ...

    def report(self, now: int) -> dict[str, Any]:
        """Counters of links and flows, and the forwarder's health."""
        ...

    def top(self, direction: str) -> list[Any]:
        """The top talkers of a direction."""
        ...

    def traffic(self, now: int) -> dict[str, Any]:
        """The last second's live traffic; counting starts with the first call and ends some seconds after the last."""
        ...

    def admit(self, addresses: Sequence[str]) -> None:
        """Give these addresses access to the API, besides the host."""


class Overtaken(Exception):
    """The armed change came into force, by `now`, while another one was being prepared."""

    def __init__(self, now: int) -> None:
        super().__init__("the armed change is in force")
        self.now = now


def drawn_schedule(startup: Conditions, now: int) -> ConditionSchedule:
    """The schedule a container starts with; this draws its seed, once."""
    return ConditionSchedule.started(startup, SystemRandom().getrandbits(32), now)


class ConditionsController:
    """One method for each operation of the control channel.

    Schedule and files are restored from PID 1's shared memory, which outlives a forwarder: a crash neither clears the
    conditions nor prolongs a lease. Anything that became due meanwhile is applied at once.
    """

    def __init__(
        self, kept: SharedDocument, files: Files, network: ConditionedNetwork, now: int, no_dns: str = ""
    ) -> None:
        """`no_dns` says why look-ups of names cannot be conditioned here; empty if they can."""
        self._kept = kept
        self._files = files
        self._upload = Upload()
        self._network = network
        self._no_dns = no_dns
        saved = kept.load()
        self._schedule = (ConditionSchedule.from_dict(saved) if saved else drawn_schedule(Conditions(), now)).due(now)
        network.adopt(self._schedule.in_force, now)
        self._arm()
        self._operations: Mapping[str, Callable[[Mapping[str, Any], int], dict[str, Any]]] = {
            "report": self._report,
            "change": self._change,
            "replace": self._change,
            "renew": self._renew,
            "release": self._release,
            "files": self._list_files,
            "file": self._read_file,
            "put_file": self._put_file,
            "remove_file": self._remove_file,
            "top": self._list_top,
            "traffic": self._list_traffic,
            "admit": self._admit,
            "hosts": self._list_hosts,
            "drop_mappings": self._drop_mappings,
            "locate": self._locate,
            "roam": self._roam,
        }

    def deadline(self) -> int | None:
        return self._schedule.deadline

    def due(self, now: int) -> None:
        """Apply everything due by `now`."""
        while True:
            try:
                self._put(self._schedule.due(now), now)
                return
            except Overtaken as overtaken:
                now = overtaken.now

    def answer(self, request: Mapping[str, Any], now: int) -> dict[str, Any]:
        """Do what a request says and return the result; on ValueError (one line) nothing changed."""
        while True:
            # What is due comes first, so that a request is checked against the conditions of its own moment.
            self.due(now)
            try:
                return self._operations[request["op"]](request, now)
            except Overtaken as overtaken:
                now = overtaken.now
                self._network.disarm()  # so that it cannot happen again, however dense the schedule is

    def _report(self, request: Mapping[str, Any], now: int) -> dict[str, Any]:
        network = self._network.report(now)
        flows = _with_muted(network["flows"], self._schedule.conditions, now)
        return self._schedule.report(now) | {"monotonic_ns": now} | network | {"flows": flows}

    def _change(self, request: Mapping[str, Any], now: int) -> dict[str, Any]:
        """`change` or `replace`; with `check` only a preview: the resulting conditions and the hosts their flows name.

        A `strict` replacement is refused if any of its values would have no effect.
        """
        requested = ChangeRequest(
            change=request["change"],
            replace=request["op"] == "replace",
            keep=request.get("keep", False),
            names=request.get("names", {}),
            by=request.get("by", API),
        )
        if request.get("strict"):
            Conditions().changed(requested.parsed)
        if requested.parsed.nat is not None:
            # Now, also if it is for later: nobody would read an error then.
            self._network.check_nat(requested.parsed.nat)
        at_ns, lease_ns = request.get("at_ns"), request.get("lease_ns")
        schedule, entry = self._schedule.ask(requested, now, at_ns, lease_ns)
        preview = schedule if entry.at_ns <= now else self._schedule.preview(requested, lease_ns is not None)
        # The base, too: what a lease hides needs its files when the lease ends.
        for conditions in (preview.base, preview.conditions):
            self._files.check(conditions)
            if self._no_dns and conditions.dns:
                raise ConditionsError(self._no_dns, "dns")
        if request.get("check"):
            return {"conditions": preview.conditions_text, "hosts": preview.hosts, "monotonic_ns": now}
        late = {"late_ns": now - entry.at_ns} if entry.at_ns < now else {}
        # `due`, because a lease that was to start up to a second ago may be over already.
        now = self._put(schedule.due(now), now)
        report = self._report(request, now)
        if at_ns is None and lease_ns is None:
            return report
        return report | {"entry": entry.describe(now) | late}

    def _renew(self, request: Mapping[str, Any], now: int) -> dict[str, Any]:
        return self._report(request, self._put(self._schedule.renew(request["lease"], request["lease_ns"], now), now))

    def _release(self, request: Mapping[str, Any], now: int) -> dict[str, Any]:
        released = self._schedule.release(request["lease"], now, request.get("by", API))
        return self._report(request, self._put(released, now))

    def _list_files(self, request: Mapping[str, Any], now: int) -> dict[str, Any]:
        return {"files": [{"name": name, "bytes": size} for name, size in self._files.sizes().items()]}

    def _read_file(self, request: Mapping[str, Any], now: int) -> dict[str, Any]:
        """A piece of a file, each byte as the character of its number, and the size of the whole."""
        content, start = self._files.content(request["name"]), request.get("start", 0)
        return {"text": content[start : start + FILE_PIECE].decode("latin-1"), "bytes": len(content)}

    def _put_file(self, request: Mapping[str, Any], now: int) -> dict[str, Any]:
        """Take a piece, each byte as the character of its number; the file is stored unless `more` of it follows."""
        name, start, piece = request["name"], request.get("start", 0), request["text"].encode("latin-1")
        self._upload.add(name, start, piece)
        try:
            self._files.refuse(name, start + len(piece))
        except ConditionsError:
            self._upload.take()
            raise
        if not request.get("more"):
            self._store(name, self._upload.take())
        return self._list_files(request, now)

    def _store(self, name: str, content: bytearray) -> None:
        # The host uploads the files of a change with each change that names them, also while they are in use.
        if name in self._files.sizes() and is_same(self._files.content(name), content):
            return
        self._refuse_used(name, "upload the new one under another name")
        self._files.put(name, content)

    def _remove_file(self, request: Mapping[str, Any], now: int) -> dict[str, Any]:
        name = request["name"]
        self._files.content(name)
        self._refuse_used(name, "clear that first")
        self._files.remove(name)
        return self._list_files(request, now)

    def _list_top(self, request: Mapping[str, Any], now: int) -> dict[str, Any]:
        return {"rows": self._network.top(request["direction"])}

    def _list_traffic(self, request: Mapping[str, Any], now: int) -> dict[str, Any]:
        """Live traffic, with the addresses of the hosts that flows name."""
        names = {name: list(addresses) for name, addresses in self._schedule.addresses.items()}
        return {"monotonic_ns": now} | self._network.traffic(now) | {"names": names}

    def _admit(self, request: Mapping[str, Any], now: int) -> dict[str, Any]:
        self._network.admit(request["addresses"])
        return {}

    def _list_hosts(self, request: Mapping[str, Any], now: int) -> dict[str, Any]:
        """The hosts that flows name, also those of scheduled changes, with the addresses that are in use for them."""
        return {"hosts": {name: list(addresses) for name, addresses in self._schedule.located.items()}}

    def _locate(self, request: Mapping[str, Any], now: int) -> dict[str, Any]:
        """Use these addresses for these hosts from now on."""
        self._put(self._schedule.relocated(request["names"]), now)
        return {}

    def _drop_mappings(self, request: Mapping[str, Any], now: int) -> dict[str, Any]:
        self._network.drop_mappings()
        return {}

    def _roam(self, request: Mapping[str, Any], now: int) -> dict[str, Any]:
        asked = RoamRequest(to=request["to"], how=request["how"], gap_ns=request["gap_ns"])
        self._network.roam(asked)
        self._schedule = self._schedule.roamed(asked.to or "new-address", request["by"], now)
        self._kept.save(self._schedule.to_dict())
        return self._report(request, now)

    def _refuse_used(self, name: str, fix: str) -> None:
        """Conditions in force and scheduled changes must find their files, also in the next forwarder."""
        schedule = self._schedule
        users = {"the conditions": named_files(schedule.base_text)}
        users |= {f"lease {entry.id}": named_files(entry.request.change) for entry in schedule.leases}
        users |= {f"scheduled change {entry.id}": named_files(entry.request.change) for entry in schedule.scheduled}
        using = [user for user, names in users.items() if name in names]
        if using:
            raise ConditionsError(f"is in use by {', '.join(using)}; {fix}", name)

    def _put(self, schedule: ConditionSchedule, now: int) -> int:
        """Put another state of the schedule in force, save it, and return when it came into force."""
        present = self._schedule
        if schedule is present:
            return now
        if schedule.in_force != present.in_force:
            now = self._network.adopt(schedule.in_force, now)
        # Saved only once it is in force: until then the plan may fail or be overtaken.
        self._schedule = schedule
        self._kept.save(schedule.to_dict())
        self._arm()
        return now

    def _arm(self) -> None:
        """Prepare the next state ahead of time.

        Planning hundreds of flows takes a while, but a group of clients must change at the same instant. With the plan
        ready, only the switch is left to do then.
        """
        at = self._schedule.deadline
        ahead = self._schedule.due(at).in_force if at is not None else self._schedule.in_force
        if at is not None and ahead != self._schedule.in_force:
            self._network.arm(ahead, at)
        else:
            self._network.disarm()


def _with_muted(flows: Mapping[str, Any], conditions: Conditions, now: int) -> dict[str, Any]:
    """The counters of each flow, in the order of the conditions; those of a muted one are 0."""
    idle = FlowCounters().report(now)
    muted = {flow.name: dict.fromkeys(DIRECTIONS, idle) for flow in conditions.flows if flow.muted}
    known = {**flows, **muted}
    names = dict.fromkeys((DEFAULT, *(flow.name for flow in conditions.flows), *known))
    return {name: known[name] for name in names if name in known}
