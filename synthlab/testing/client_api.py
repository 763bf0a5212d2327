"""A client's API in memory, with real conditions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from syntheticnet.conditions import DIRECTIONS, Conditions, ConditionsError, file_values, parse_duration

from ..assets import own_version
from ..control.client_api import AT_ONCE, ChangeOptions
from ..control.state import ClientState
from ..control.webrtc_stats import Numbers
from ..engine.clock import MACHINE, Clock
from ..errors import SynthlabError, WrongUse

_IDLE: Mapping[str, Any] = {"packets_in": 0, "bytes_in": 0, "packets_out": 0, "bytes_out": 0, "dropped": {}}


class FakeClientApi:
    """A ClientApi in memory. `broken` makes it fail where a container that is gone would: on every change.

    Its time stands still: a lease lasts until it is released, and only what is asked for after a while waits.
    """

    def __init__(self, name: str, startup: Mapping[str, Any] | None = None, clock: Clock = MACHINE) -> None:
        self.name = name
        self._clock = clock
        self.startup = Conditions.from_dict(startup or {})
        self.base = self.startup
        self.entries: list[dict[str, Any]] = []
        self.asked = 0
        self.files: dict[str, str] = {}
        self.renewed: list[tuple[int, str]] = []
        self.terms: list[ChangeOptions] = []
        self.wishes: list[Mapping[str, Any]] = []
        self.answered_numbers: dict[str, Any] = {"values": {}, "age_s": {}}
        self.written: list[dict[str, Any]] = []
        self.problem: str | None = None
        self.broken = False
        self.version = own_version()

    def answer(self) -> dict[str, Any]:
        """The answer of GET /v1/state."""
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
            "monotonic_ns": self.clock(),
            "startup": self.startup.to_dict(),
            "seed": self.conditions.seed or 0,
            "problem": self.problem,
            "forwarder": {"restarts": 0, "up_s": 1.0},
            "links": _idle_links(),
            "flows": {name: _idle_links() for name in flows},
        }

    def state(self) -> ClientState:
        return ClientState.from_dict(self.answer())

    @property
    def conditions(self) -> Conditions:
        """Those in force."""
        effective = self.base
        for entry in self.entries:
            if "in_ns" not in entry:
                effective = effective.changed(entry["change"])
        return effective

    def clock(self) -> int:
        return self._clock.now_ns()

    def change(self, change: Mapping[str, Any], terms: ChangeOptions = AT_ONCE) -> ClientState:
        self._refuse_broken(terms)
        self.wishes.append(change)
        changed = self._changed(self.base if terms.lease is None else self.conditions, change)
        if terms.lease or terms.after:
            times = {"in": terms.after, "left": terms.lease}
            told = {f"{name}_ns": parse_duration(value) for name, value in times.items() if value}
            self.entries.append({"id": self.asked, "change": change, "at_ns": terms.at_ns or 0, **told})
        else:
            self.base = changed
        return self._told(terms, change)

    def check(self, change: Mapping[str, Any], terms: ChangeOptions = AT_ONCE) -> None:
        self._changed(self.conditions, change)

    def replace(self, conditions: Mapping[str, Any], terms: ChangeOptions = AT_ONCE) -> ClientState:
        self._refuse_broken(terms)
        self.base = Conditions.from_dict(conditions)
        if not terms.keep:
            self.entries.clear()
        return self._told(terms, conditions)

    def reset(self, terms: ChangeOptions = AT_ONCE) -> ClientState:
        return self.replace(self.startup.to_dict(), terms)

    def release(self, id: int) -> ClientState:
        self.entries = [entry for entry in self.entries if entry["id"] != id]
        return self.state()

    def renew(self, id: int, lease: str) -> None:
        if id not in [entry["id"] for entry in self.entries]:
            raise WrongUse(f"{self.name}: no lease or scheduled change {id}")
        self.renewed.append((id, lease))

    def put_file(self, name: str, text: str) -> None:
        self.files[name] = text

    def numbers(self) -> Numbers:
        return Numbers.from_dict(self.answered_numbers)

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

    def _refuse_broken(self, terms: ChangeOptions) -> None:
        if self.broken:
            raise SynthlabError(f"{self.name}: its API does not answer")
        self.asked += 1
        self.terms.append(terms)

    def _told(self, terms: ChangeOptions, change: Mapping[str, Any]) -> ClientState:
        answer = self.answer()
        if terms != AT_ONCE:
            entries = [entry for entry in self.entries if entry["id"] == self.asked]
            answer["entry"] = {"id": self.asked, "change": change, **(entries[0] if entries else {})}
        return ClientState.from_dict(answer)


def _idle_links() -> dict[str, Any]:
    return {direction: {**_IDLE, "achieved": {}} for direction in DIRECTIONS}
