"""A client's API in memory, which parses and checks conditions like a real one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from syntheticnet.conditions import DIRECTIONS, Conditions, ConditionsError, Nat, file_values

from ..assets import own_version
from ..control.client_api import AT_ONCE, ChangeOptions, Observed, RawAnswer
from ..control.clock_sync import ClockSample
from ..control.state import ClientState
from ..control.webrtc_stats import Stats
from ..engine.clock import MACHINE, Clock
from ..errors import SynthlabError, TooLate, WrongUse
from ..stack.roaming import RoamPlan
from ..text.durations import SECOND_NS
from ..text.escaping import json_text

_IDLE: Mapping[str, Any] = {"packets_in": 0, "bytes_in": 0, "packets_out": 0, "bytes_out": 0, "dropped": {}}


class FakeClientApi:
    """A ClientApi in memory. With `broken`, every change fails, as for a container that is gone.

    Time does not pass: leases last until released, and scheduled changes never start; but a change that arrives more
    than a second after its time is refused.
    """

    def __init__(self, name: str, startup: Mapping[str, Any] | None = None, clock: Clock = MACHINE) -> None:
        self.name = name
        self._clock = clock
        self.startup = Conditions.from_dict(startup or {})
        self.base = self.startup
        self.entries: list[dict[str, Any]] = []
        self.asked = 0
        self.files: dict[str, str] = {}
        self.renewed: list[tuple[int, int]] = []
        self.dropped_mappings = 0
        self.in_use: str | None = None
        self.roamed: list[RoamPlan] = []
        self.options: list[ChangeOptions] = []
        self.requests: list[Mapping[str, Any]] = []
        self.answered_stats: dict[str, Any] = {"values": {}, "age_s": {}}
        self.written: list[dict[str, Any]] = []
        self.problem: str | None = None
        self.broken = False
        self.judged = False
        self.reach_bps = 10**11
        self.version = own_version()
        self.by = ""

    def signed(self, by: str) -> FakeClientApi:
        self.by = by
        return self

    def answer(self) -> dict[str, Any]:
        """The answer to GET /v1/state."""
        flows = ["default", *(flow.name for flow in self.conditions.flows)]
        return {
            "version": self.version,
            "name": self.name,
            "lab": "fake",
            "conditions": self.conditions.to_dict(),
            "base": self.base.to_dict(),
            "leases": [entry for entry in self.entries if "in_ns" not in entry],
            "scheduled": [entry for entry in self.entries if "in_ns" in entry],
            "failed": {"count": 0, "last": []},
            "history": [],
            "monotonic_ns": self._clock.now_ns(),
            "startup": self.startup.to_dict(),
            "seed": self.conditions.seed or 0,
            "problem": self.problem,
            "forwarder": {"restarts": 0, "up_s": 1.0, "reach_bps": self.reach_bps},
            "links": _idle_links(),
            "flows": {name: _idle_links() for name in flows},
            "uplink": self.in_use and {"uplinks": [], "in_use": self.in_use, "address": None, "on_the_way_to": None},
        }

    def state(self) -> ClientState:
        return ClientState.from_dict(self.answer())

    @property
    def conditions(self) -> Conditions:
        """The conditions in force."""
        effective = self.base
        for entry in self.entries:
            if "in_ns" not in entry:
                effective = effective.changed(entry["change"])
        return effective

    def clock(self) -> ClockSample:
        return ClockSample(*[self._clock.now_ns()] * 4)

    def observe(self) -> Observed:
        return Observed(self.state(), self.clock())

    def change(self, change: Mapping[str, Any], options: ChangeOptions = AT_ONCE) -> ClientState:
        self._refuse(options)
        self.requests.append(change)
        changed = self._changed(self.base if options.lease_ns is None else self.conditions, change)
        if options.lease_ns or options.after_ns:
            times = {"in_ns": options.after_ns, "left_ns": options.lease_ns}
            present = {name: time_ns for name, time_ns in times.items() if time_ns}
            self.entries.append({"id": self.asked, "change": change, "at_ns": options.at_ns or 0, **present})
        else:
            self.base = changed
        return self._answer(options, change)

    def check(self, change: Mapping[str, Any], options: ChangeOptions = AT_ONCE) -> Observed:
        self._changed(self.conditions, change)
        return self.observe()

    def replace(self, conditions: Mapping[str, Any], options: ChangeOptions = AT_ONCE) -> ClientState:
        self._refuse(options)
        self.base = Conditions.from_dict(conditions)
        if not options.keep:
            self.entries.clear()
        return self._answer(options, conditions)

    def reset(self, options: ChangeOptions = AT_ONCE) -> ClientState:
        return self.replace(self.startup.to_dict(), options)

    def drop_mappings(self) -> ClientState:
        if self.conditions.nat == Nat():
            raise WrongUse(f"{self.name}: nat: this is not a router, and only routers translate addresses")
        self.dropped_mappings += 1
        return self.state()

    def roam(self, plan: RoamPlan) -> ClientState:
        """Be there at once; the first of `uplinks` is in use until then."""
        if plan.to is not None:
            if plan.to == self.in_use:
                raise WrongUse(f"{self.name}: roam: the client is in {plan.to} already")
            self.in_use = plan.to
        self.roamed.append(plan)
        return self.state()

    def release(self, id: int) -> ClientState:
        self.entries = [entry for entry in self.entries if entry["id"] != id]
        return self.state()

    def renew(self, id: int, lease_ns: int) -> None:
        if id not in [entry["id"] for entry in self.entries]:
            raise WrongUse(f"{self.name}: no lease or scheduled change {id}")
        self.renewed.append((id, lease_ns))

    def put_file(self, name: str, text: str) -> None:
        self.files[name] = text

    def ask(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> RawAnswer:
        """Answers GET /v1/state, and nothing else."""
        there = (method, target.partition("?")[0]) == ("GET", "/v1/state")
        answer = self.answer() if there else {"error": f"{target}: no such path"}
        return RawAnswer(200 if there else 404, {"content-type": "application/json"}, json_text(answer).encode())

    def stats(self, judged: bool = False) -> Stats:
        self.judged |= judged
        return Stats.from_dict(self.answered_stats)

    def console(self, after: int = 0) -> dict[str, Any]:
        return {"entries": self.written[after:], "count": len(self.written)}

    def _changed(self, present: Conditions, change: Mapping[str, Any]) -> Conditions:
        try:
            changed = present.changed(change)
        except ConditionsError as error:
            raise WrongUse(f"{self.name}: {error}") from None
        for place, _, value in file_values(changed.to_dict()):
            if value not in self.files:
                raise WrongUse(f"{self.name}: {'.'.join(place)}: {value}: no such file")
        return changed

    def _refuse(self, options: ChangeOptions) -> None:
        if self.broken:
            raise SynthlabError(f"{self.name}: its API does not answer")
        late_ns = 0 if options.at_ns is None else self._clock.now_ns() - options.at_ns
        if late_ns > SECOND_NS:
            raise TooLate(self.name, late_ns)
        self.asked += 1
        self.options.append(options)

    def _answer(self, options: ChangeOptions, change: Mapping[str, Any]) -> ClientState:
        answer = self.answer()
        if options != AT_ONCE:
            entries = [entry for entry in self.entries if entry["id"] == self.asked]
            answer["entry"] = {"id": self.asked, "change": change, **(entries[0] if entries else {})}
        return ClientState.from_dict(answer)


def _idle_links() -> dict[str, Any]:
    return {direction: {**_IDLE, "achieved": {}} for direction in DIRECTIONS}
