"""The schedule walks between states, on a hand-moved clock; leases, seeds, resets and a restart of the forwarder."""

from __future__ import annotations

import json
from typing import Any

import pytest

from syntheticnet.conditions import Conditions, first_stay, next_stay
from syntheticnet.forwarder.schedule import ConditionSchedule
from syntheticnet.forwarder.schedule_entry import ChangeRequest

from ..builders import SECOND

pytestmark = pytest.mark.issue(15)

NOW = 1000 * SECOND
STATES = {"good": {"mean": "20s"}, "bad": {"mean": "5s", "egress": {"loss": "5%"}}, "gone": {"mean": "2s"}}
TIMES = range(NOW, NOW + 600 * SECOND, SECOND // 2)


def started(seed: int = 5, **startup: Any) -> ConditionSchedule:
    return ConditionSchedule.started(Conditions.from_dict({"states": STATES, **startup}), seed, NOW)


def asked(
    schedule: ConditionSchedule, now: int, lease: int | None = None, replace: bool = False, **change: Any
) -> ConditionSchedule:
    request = ChangeRequest(change=change, replace=replace)
    return schedule.due(now).ask(request, now, lease_ns=lease)[0]


def states_of(schedule: ConditionSchedule, since: int = NOW) -> list[str | None]:
    found = []
    for now in TIMES:
        if now >= since:
            schedule = schedule.due(now)
            found.append(schedule.conditions.state)
    return found


def test_it_goes_where_the_seed_says() -> None:
    """Each stay begins when the one before it ends; the values of the state are in force."""
    schedule, at = started(), NOW
    stay = first_stay(schedule.base.states, "good", 5)
    for _ in range(50):
        schedule = schedule.due(at)
        assert schedule.conditions.state == stay.state
        assert schedule.in_force.conditions.egress.loss == (0.05 if stay.state == "bad" else None)
        assert not schedule.in_force.conditions.states
        at += stay.lasts_ns
        assert schedule.deadline == at
        stay = next_stay(schedule.base.states, stay, 5)


def test_a_late_look_finds_the_same_state() -> None:
    """As after a standstill or a restart of the forwarder."""
    timely = started()
    for now in TIMES:
        timely = timely.due(now)
    assert started().due(TIMES[-1]) == timely


def test_it_survives_a_restart_of_the_forwarder() -> None:
    """The next forwarder continues the walk, with its counts."""
    schedule = started().due(NOW + 100 * SECOND)
    restored = ConditionSchedule.from_dict(json.loads(json.dumps(schedule.to_dict())))
    assert restored == schedule
    later = NOW + 200 * SECOND
    assert restored.due(later).report(later) == schedule.due(later).report(later)


def test_other_changes_leave_the_walk_alone() -> None:
    """Also leases, whose values go first while they last."""
    changed = asked(started(), NOW + 10 * SECOND, ingress={"latency": "80ms"})
    changed = asked(changed, NOW + 20 * SECOND, lease=300 * SECOND, egress={"loss": "1%"})
    assert states_of(changed, NOW + 20 * SECOND) == states_of(started(), NOW + 20 * SECOND)
    assert changed.in_force.conditions.egress.loss == 0.01
    at = next(now for now in TIMES if now > NOW + 320 * SECOND and changed.due(now).conditions.state == "bad")
    assert changed.due(at).in_force.conditions.egress.loss == 0.05


def test_a_lease_of_states_ends() -> None:
    """It reverts to what was there, and nothing is due any more."""
    schedule = asked(ConditionSchedule(drawn=5), NOW, lease=60 * SECOND, states=STATES)
    assert schedule.conditions.state == "good"
    ended = schedule.due(NOW + 60 * SECOND)
    assert ended.conditions == Conditions(seed=5)
    assert ended.deadline is None
    assert "walk" not in ended.report(NOW + 60 * SECOND)


def test_a_seed_or_states_begin_the_walk_anew() -> None:
    """The same seed set again repeats the walk, a reset begins it again, `state` goes to one at once."""
    at = NOW + 30 * SECOND
    repeated = asked(asked(started(), NOW, seed=9), at, seed=9)
    shift = [now - NOW for now in TIMES if now < NOW + 300 * SECOND]
    first = [asked(started(), NOW, seed=9).due(NOW + ns).conditions.state for ns in shift]
    assert [repeated.due(at + ns).conditions.state for ns in shift] == first
    reset = asked(started(), at, replace=True, states=STATES)
    assert reset.walk is not None
    assert reset.walk.since_ns == at
    gone = asked(started(), at, state="gone")
    assert gone.conditions.state == "gone"
    assert gone.walk is not None
    assert gone.walk.since_ns == at
    assert asked(started(), at, states=None).walk is None


def test_what_is_reported() -> None:
    """The present state, since when and until when; how often each was entered, and the time spent there."""
    at = NOW + 100 * SECOND
    walk = started().due(at).report(at)["walk"]
    seen, now = [], NOW
    stay = first_stay(started().base.states, "good", 5)
    while now <= at:
        seen.append((now, stay.state))
        now, last, stay = now + stay.lasts_ns, stay, next_stay(started().base.states, stay, 5)
    assert walk["past"] == [{"at_ns": begun, "state": name} for begun, name in seen]
    assert (walk["state"], walk["since_ns"], walk["until_ns"]) == (last.state, seen[-1][0], now)
    assert walk["age_s"] == (at - seen[-1][0]) / 1e9
    for name, counts in walk["states"].items():
        assert counts["entered"] == [state for _, state in seen].count(name)
    assert sum(counts["spent_s"] for counts in walk["states"].values()) == pytest.approx(100)
