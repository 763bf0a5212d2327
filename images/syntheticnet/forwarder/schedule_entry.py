"""One change in the schedule: what was requested, from when, and until when."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from ..conditions import Conditions, ConditionsChange, ConditionsError
from .history import API
from .in_force import Names

MOST_AHEAD_NS = 3600 * 10**9
MOST_LATE_NS = 10**9
"""A time up to this long in the past counts as now, because the request took time to arrive; older is refused."""
SHORTEST_LEASE_NS, LONGEST_LEASE_NS = 10**8, 3600 * 10**9


@dataclass(frozen=True, kw_only=True)
class ChangeRequest:
    """A change in native form. `replace` replaces all conditions; with `keep` leases and scheduled changes remain.

    `names` maps the host names in its flows to their addresses; `by` is a word for who asked.
    """

    change: Any
    replace: bool = False
    keep: bool = False
    names: Names = field(default_factory=dict)
    by: str = API

    @cached_property
    def parsed(self) -> ConditionsChange:
        """The change, parsed once however often it is applied; raises ConditionsError."""
        return ConditionsChange.parse(self.change)

    def on(self, present: Conditions) -> Conditions:
        """The conditions after this change; raises ConditionsError."""
        return Conditions.from_dict(self.parsed) if self.replace else present.changed(self.parsed)

    @property
    def sets_seed(self) -> bool:
        """Whether it sets or clears the seed."""
        return self.replace or self.parsed.sets_seed

    @property
    def sets_walk(self) -> bool:
        """Whether it says what the walk between states is."""
        return self.replace or self.parsed.sets_walk

    @property
    def restarts_walk(self) -> bool:
        """Whether the walk begins anew even if it is the same."""
        return (self.replace and not self.keep) or (not self.replace and self.parsed.state is not None)


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A change in force from `at_ns` until `expires_ns`, or permanently if that is None."""

    id: int
    request: ChangeRequest
    at_ns: int
    expires_ns: int | None
    size: int

    @classmethod
    def requested(
        cls, id: int, request: ChangeRequest, now: int, at_ns: int | None = None, lease_ns: int | None = None
    ) -> Entry:
        """An entry for now or `at_ns`, permanent or a lease; raises ConditionsError if a time is out of bounds."""
        at = now if at_ns is None else at_ns
        _refuse_times(at - now, lease_ns)
        # From `at`, not from the arrival: the leases of a group of clients then also end at the same moment.
        expires = None if lease_ns is None else at + lease_ns
        return cls(id=id, request=request, at_ns=at, expires_ns=expires, size=len(json.dumps(request.change)))

    def renewed(self, lease_ns: int, now: int) -> Entry:
        """The lease extended to `lease_ns` from now, or from its start if it has not started yet."""
        _refuse_times(0, lease_ns)
        if self.expires_ns is None:
            raise ConditionsError(f"{self.id} is a permanent scheduled change; only leases can be extended")
        return replace(self, expires_ns=max(now, self.at_ns) + lease_ns)

    def relocated(self, names: Names) -> Entry:
        """The entry with other addresses for these hosts, as far as it names them."""
        moved = {name: names[name] for name in self.request.names if name in names}
        return replace(self, request=replace(self.request, names={**self.request.names, **moved})) if moved else self

    def describe(self, now: int) -> dict[str, Any]:
        """The entry as the API reports it, with the time left until it starts and expires."""
        kind = {"replace" if self.request.replace else "change": self.request.change}
        times = {"at_ns": self.at_ns}
        if self.at_ns > now:
            times["in_ns"] = self.at_ns - now
        if self.expires_ns is not None:
            times |= {"expires_ns": self.expires_ns, "left_ns": max(0, self.expires_ns - now)}
        return {"id": self.id, **kind, **times}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Entry:
        return cls(**{**values, "request": ChangeRequest(**values["request"])})


def _refuse_times(ahead_ns: int, lease_ns: int | None) -> None:
    if ahead_ns < -MOST_LATE_NS:
        raise ConditionsError(
            f"is {-ahead_ns / 1e9:.1f} s in the past; at most {MOST_LATE_NS // 10**9} s allowed", "at"
        )
    if ahead_ns > MOST_AHEAD_NS:
        raise ConditionsError(f"is {ahead_ns / 1e9:.0f} s ahead; at most {MOST_AHEAD_NS // 10**9} s allowed", "at")
    if lease_ns is not None and not SHORTEST_LEASE_NS <= lease_ns <= LONGEST_LEASE_NS:
        raise ConditionsError(f"{lease_ns / 1e9:g} s is not between 0.1 s and 1 h", "lease")
