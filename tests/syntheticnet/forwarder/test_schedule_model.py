"""ConditionSchedule against a simple list-based model: both agree for any sequence of requests."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syntheticnet.conditions import Conditions, ConditionsError
from syntheticnet.forwarder.schedule import ConditionSchedule
from syntheticnet.forwarder.schedule_entry import ChangeRequest

from ..builders import SECOND

NOW = 1000 * SECOND


VALUES = st.fixed_dictionaries({}, optional={"rate": st.sampled_from(["1mbit", None]), "queue": st.just("10p")})


CHANGES = st.fixed_dictionaries(
    {}, optional={"egress": VALUES, "ingress": VALUES, "muted": st.booleans(), "seed": st.integers(0, 9)}
)


TIMES = st.integers(0, 20).map(lambda n: n * SECOND)


ASKED = st.tuples(
    st.just("ask"),
    CHANGES,
    st.booleans(),
    st.none() | TIMES,
    st.none() | TIMES.filter(bool),
)


OPERATIONS = st.lists(
    ASKED
    | st.tuples(st.just("move"), TIMES)
    | st.tuples(st.just("renew"), st.integers(1, 12), TIMES.filter(bool))
    | st.tuples(st.just("release"), st.integers(1, 12)),
    max_size=25,
)


class Model:
    """The same rules implemented naively: one list of all requests, replayed second by second."""

    def __init__(self) -> None:
        self.base = Conditions()
        self.entries: list[dict[str, Any]] = []

    def effective(self) -> Conditions:
        conditions = self.base
        for entry in sorted(self.running(), key=lambda entry: int(entry["began"])):
            try:
                conditions = entry["request"].on(conditions)
            except ConditionsError:
                entry["gone"] = True
        return conditions

    def running(self) -> list[dict[str, Any]]:
        return [entry for entry in self.entries if entry["began"] is not None and not entry["gone"]]

    def begin(self, entry: dict[str, Any], order: int) -> None:
        """Raises ConditionsError."""
        request = entry["request"]
        if entry["lease"] is not None:
            request.on(self.effective())
            entry["began"] = order
            return
        self.base = request.on(self.base)
        entry["gone"] = True
        if request.replace:
            for other in self.entries:
                other["gone"] |= other["id"] < entry["id"]
        self.effective()

    def move(self, start: int, to: int, order: int) -> int:
        for instant in range(start, to + 1, SECOND):
            for entry in self.running():
                entry["gone"] |= entry["ends"] <= instant
            self.effective()
            due = [e for e in self.entries if e["began"] is None and not e["gone"] and e["at"] <= instant]
            for entry in sorted(due, key=lambda entry: (entry["at"], entry["id"])):
                if entry["gone"]:
                    continue
                order += 1
                try:
                    self.begin(entry, order)
                except ConditionsError:
                    entry["gone"] = True
        return order


@given(OPERATIONS)
def test_agrees_with_a_model(operations: list[tuple[Any, ...]]) -> None:
    """For any sequence of requests the conditions equal the model's, and survive a JSON round trip."""
    schedule, model, now, order = ConditionSchedule(drawn=5), Model(), NOW, 0
    for operation in operations:
        if operation[0] == "move":
            to = now + operation[1]
            schedule, order, now = schedule.due(to), model.move(now, to, order), to
        elif operation[0] == "ask":
            schedule, order = _asked(schedule, model, now, order, *operation[1:])
        else:
            schedule = _ended(schedule, model, now, *operation)
        wanted = model.effective()
        assert schedule.conditions.to_dict() == {"seed": 5} | wanted.to_dict()
        assert ConditionSchedule.from_dict(json.loads(json.dumps(schedule.to_dict()))) == schedule
        assert schedule.deadline is None or schedule.deadline > now


def _asked(
    schedule: ConditionSchedule,
    model: Model,
    now: int,
    order: int,
    change: Any,
    replace: bool,
    ahead: int | None,
    lease: int | None,
) -> tuple[ConditionSchedule, int]:
    """Send both the same request: either both refuse it, or neither does."""
    request = ChangeRequest(change=change, replace=replace)
    at = None if ahead is None else now + ahead
    begin = now if at is None else at
    entry = {"id": schedule.next_id, "request": request, "lease": lease, "at": begin, "began": None, "gone": False}
    entry["ends"] = None if lease is None else begin + lease
    try:
        request.on(model.effective() if lease is not None else model.base)
    except ConditionsError:
        with pytest.raises(ConditionsError):
            schedule.ask(request, now, at, lease)
        return schedule, order
    schedule, _ = schedule.ask(request, now, at, lease)
    model.entries.append(entry)
    return schedule, model.move(now, now, order)


def _ended(
    schedule: ConditionSchedule, model: Model, now: int, what: str, id: int, lease: int = 0
) -> ConditionSchedule:
    entry = next((entry for entry in model.entries if entry["id"] == id and not entry["gone"]), None)
    if entry is None or (what == "renew" and entry["lease"] is None):
        with pytest.raises(ConditionsError):
            schedule.renew(id, lease, now) if what == "renew" else schedule.release(id, now)
        return schedule
    if what == "renew":
        entry["ends"] = max(now, entry["at"]) + lease
        return schedule.renew(id, lease, now)
    entry["gone"] = True
    return schedule.release(id, now)
