"""ConditionSchedule: leases and scheduled changes on a hand-moved clock."""

from __future__ import annotations

from typing import Any

import pytest

from syntheticnet.conditions import Conditions, ConditionsError
from syntheticnet.forwarder.history import MOST_CHANGE_BYTES, MOST_RECORDS
from syntheticnet.forwarder.schedule import (
    MOST_FAILURES,
    MOST_LEASES,
    MOST_SCHEDULED,
    ConditionSchedule,
)
from syntheticnet.forwarder.schedule_entry import ChangeRequest

from ..builders import MS, SECOND, exactly

NOW = 1000 * SECOND


HOUR = 3600 * SECOND


class Clock:
    """A schedule and a hand-moved time."""

    def __init__(self, **base: Any) -> None:
        self.now = NOW
        self.schedule = ConditionSchedule(Conditions.from_dict(base), drawn=5)

    def ask(
        self, at: int | None = None, lease: int | None = None, replace: bool = False, by: str = "api", **change: Any
    ) -> int:
        """Request a change for `at` ns after the start; returns the id of its entry."""
        at_ns = None if at is None else NOW + at
        request = ChangeRequest(change=change, replace=replace, by=by)
        self.schedule, entry = self.schedule.ask(request, self.now, at_ns, lease)
        return entry.id

    def move(self, to: int) -> None:
        """Move to `to` ns after the start and apply what is due."""
        self.now = NOW + to
        self.schedule = self.schedule.due(self.now)

    @property
    def egress(self) -> dict[str, Any]:
        return self.schedule.conditions.egress.to_dict()

    @property
    def deadline(self) -> int | None:
        return None if self.schedule.deadline is None else self.schedule.deadline - NOW


def test_a_permanent_change() -> None:
    """Without lease or time a change applies at once, and nothing is ever due."""
    clock = Clock(egress={"latency": "10ms"})
    clock.ask(egress={"loss": "5%"})
    assert clock.egress == {"loss": "5%", "latency": "10ms"}
    assert clock.deadline is None
    assert clock.schedule.due(NOW + HOUR) is clock.schedule


def test_a_lease_reverts_automatically() -> None:
    """A lease applies until its last nanosecond, then reverts to the base, including changes made meanwhile."""
    clock = Clock(egress={"loss": "1%"})
    clock.ask(lease=10 * SECOND, egress={"loss": "5%"})
    clock.ask(egress={"loss": "2%", "latency": "10ms"})
    assert clock.egress == {"loss": "5%", "latency": "10ms"}
    assert clock.deadline == 10 * SECOND
    clock.move(10 * SECOND - 1)
    assert clock.egress["loss"] == "5%"
    clock.move(10 * SECOND)
    assert clock.egress == {"loss": "2%", "latency": "10ms"}
    assert clock.schedule.base == Conditions.from_dict({"egress": clock.egress})


def test_leases_stack_in_the_order_they_started() -> None:
    """The lease that started last wins; when it expires, the one below applies."""
    clock = Clock()
    clock.ask(lease=3 * SECOND, egress={"loss": "5%", "latency": "5ms"})
    clock.ask(at=1 * SECOND, lease=1 * SECOND, egress={"loss": "7%"})
    clock.ask(lease=4 * SECOND, egress={"loss": "6%"})
    seen = []
    for second in range(5):
        clock.move(second * SECOND)
        seen.append(clock.egress)
    assert seen == [
        {"loss": "6%", "latency": "5ms"},
        {"loss": "7%", "latency": "5ms"},
        {"loss": "6%", "latency": "5ms"},
        {"loss": "6%"},
        {},
    ]


def test_a_replacing_lease_hides_and_reverts() -> None:
    """A replacement as a lease hides everything below and drops none of it."""
    clock = Clock(egress={"loss": "1%"})
    clock.ask(lease=9 * SECOND, ingress={"loss": "2%"})
    clock.ask(lease=1 * SECOND, replace=True, egress={"latency": "5ms"})
    assert clock.schedule.conditions.to_dict() == {"egress": {"latency": "5ms"}, "seed": 5}
    clock.move(1 * SECOND)
    assert clock.schedule.conditions.to_dict() == {"ingress": {"loss": "2%"}, "egress": {"loss": "1%"}, "seed": 5}


def test_a_replacement_drops_earlier_requests() -> None:
    """When it takes effect, older leases and scheduled changes are dropped, newer ones stay."""
    clock = Clock()
    clock.ask(lease=HOUR, egress={"loss": "1%"})
    clock.ask(at=8 * SECOND, egress={"loss": "2%"})
    clock.ask(at=5 * SECOND, replace=True, egress={"latency": "5ms"})
    clock.ask(at=6 * SECOND, egress={"loss": "3%"})
    clock.move(5 * SECOND)
    assert clock.egress == {"latency": "5ms"}
    clock.move(9 * SECOND)
    assert clock.egress == {"loss": "3%", "latency": "5ms"}
    assert clock.deadline is None


def test_a_replacement_that_keeps() -> None:
    """`keep` replaces only the base below the leases."""
    clock = Clock(egress={"loss": "1%"})
    clock.ask(lease=SECOND, egress={"latency": "5ms"})
    clock.schedule, _ = clock.schedule.ask(
        ChangeRequest(change={"egress": {"rate": "1mbit"}}, replace=True, keep=True), NOW
    )
    assert clock.egress == {"rate": "1mbit", "latency": "5ms"}


def test_scheduled_changes_in_the_order_of_their_times() -> None:
    """A late look finds the same state as a timely one; changes of the same time apply in request order."""
    late, punctual = Clock(), Clock()
    for clock in (late, punctual):
        clock.ask(at=3 * SECOND, egress={"loss": "3%", "latency": "3ms"})
        clock.ask(at=3 * SECOND, egress={"latency": "4ms"})
        clock.ask(at=1 * SECOND, egress={"loss": "1%"})
        clock.ask(at=1 * SECOND, lease=1 * SECOND, egress={"rate": "1mbit"})
        assert clock.deadline == 1 * SECOND
    for second in range(10):
        punctual.move(second * SECOND)
    late.move(9 * SECOND)
    assert late.schedule == punctual.schedule
    assert late.egress == {"loss": "3%", "latency": "4ms"}


def test_a_refused_change_changes_nothing() -> None:
    """Invalid changes are refused when requested, now or for later, checked against the present conditions."""
    clock = Clock()
    clock.ask(lease=HOUR, egress={"rate": "1mbit"})
    line = exactly("egress.queue: requires rate or rate_trace")
    for at in (None, 5 * SECOND):
        before = clock.schedule
        with pytest.raises(ConditionsError, match=line):
            clock.ask(at=at, egress={"queue": "10p"})
        assert clock.schedule is before
    clock.ask(lease=SECOND, egress={"queue": "10p"})
    assert clock.egress == {"rate": "1mbit", "queue": "10p"}


def test_invalid_entries_are_dropped_and_reported() -> None:
    """A scheduled change or lease that no longer applies is dropped alone."""
    clock = Clock(egress={"rate": "1mbit"})
    change = clock.ask(at=2 * SECOND, egress={"queue": "10p"})
    lease = clock.ask(lease=HOUR, egress={"queue": "20p"})
    clock.ask(lease=HOUR, ingress={"loss": "5%"})
    clock.ask(egress={"rate": None})
    clock.move(2 * SECOND)
    message = "egress.queue: requires rate or rate_trace"
    assert clock.schedule.report(clock.now)["failed"] == {
        "count": 2,
        "last": [
            {"id": lease, "at_ns": NOW, "error": message},
            {"id": change, "at_ns": NOW + 2 * SECOND, "error": message},
        ],
    }
    assert clock.schedule.conditions.to_dict() == {"ingress": {"loss": "5%"}, "seed": 5}


def test_all_failures_are_counted_and_the_latest_listed() -> None:
    """The count includes all failures, the list only the latest."""
    clock = Clock(egress={"rate": "1mbit"})
    for second in range(20):
        clock.ask(at=second * SECOND + 1, egress={"queue": "10p"})
    clock.ask(egress={"rate": None})
    clock.move(HOUR)
    assert clock.schedule.failed == 20
    assert len(clock.schedule.failures) == MOST_FAILURES
    assert clock.schedule.failures[-1]["id"] == 20


def test_renew_and_release() -> None:
    """Renewing restarts a lease's duration from now; releasing ends it at once."""
    clock = Clock()
    first = clock.ask(lease=2 * SECOND, egress={"loss": "5%"})
    later = clock.ask(at=5 * SECOND, lease=1 * SECOND, egress={"latency": "5ms"})
    clock.move(1 * SECOND)
    clock.schedule = clock.schedule.renew(first, 9 * SECOND, clock.now)
    clock.schedule = clock.schedule.renew(later, 2 * SECOND, clock.now)
    clock.move(5 * SECOND)
    assert clock.egress == {"loss": "5%", "latency": "5ms"}
    assert clock.deadline == 7 * SECOND
    clock.schedule = clock.schedule.release(first, clock.now).release(later, clock.now)
    assert clock.egress == {}
    assert clock.deadline is None


def test_unknown_ids_can_be_neither_renewed_nor_released() -> None:
    """The error lists the existing ids."""
    clock = Clock()
    line = exactly("no lease or scheduled change 7; there are: none")
    with pytest.raises(ConditionsError, match=line):
        clock.schedule.release(7, NOW)
    change = clock.ask(at=SECOND, egress={"loss": "5%"})
    with pytest.raises(ConditionsError, match=exactly("no lease or scheduled change 7; there are: 1")):
        clock.schedule.renew(7, SECOND, NOW)
    line = exactly("1 is a permanent scheduled change; only leases can be extended")
    with pytest.raises(ConditionsError, match=line):
        clock.schedule.renew(change, SECOND, NOW)


def test_a_slightly_late_change_applies_at_once() -> None:
    """A time in the recent past counts as now; a lease counts from the requested time."""
    clock = Clock()
    clock.ask(at=-900 * MS, lease=SECOND, egress={"loss": "5%"})
    assert clock.egress == {"loss": "5%"}
    assert clock.deadline == 100 * MS


def test_numbers_are_bounded() -> None:
    """Beyond the limit of leases, changes or bytes a request is refused, and existing entries stay."""
    clock = Clock()
    for _ in range(MOST_LEASES):
        clock.ask(lease=HOUR, egress={"loss": "5%"})
    for _ in range(MOST_SCHEDULED):
        clock.ask(at=SECOND, egress={"loss": "5%"})
    with pytest.raises(ConditionsError, match=exactly("there are already 64 leases; cancel one first")):
        clock.ask(lease=HOUR, egress={"loss": "5%"})
    with pytest.raises(ConditionsError, match=exactly("there are already 256 scheduled changes; cancel one first")):
        clock.ask(at=SECOND, egress={"loss": "5%"})
    clock = Clock()
    long = {f"{'x' * 30_000}{n}": {"match": f"10.0.0.{n}"} for n in range(30)}
    clock.ask(at=SECOND, flows=long)
    line = exactly("leases and scheduled changes exceed 1048576 bytes; cancel one first")
    with pytest.raises(ConditionsError, match=line):
        clock.ask(at=SECOND, flows=long)


def test_a_seed_drawn_once_stays() -> None:
    """Unless a seed is set, the drawn one stays in force through changes, replacements and expiry."""
    clock = Clock()
    clock.ask(seed=9, lease=SECOND)
    assert clock.schedule.conditions.seed == 9
    clock.move(SECOND)
    clock.ask(replace=True, egress={"loss": "5%"})
    assert clock.schedule.conditions.seed == 5


def test_addresses_of_names() -> None:
    """Addresses of a lease apply while it lasts; those of removed flows are forgotten."""
    schedule = ConditionSchedule(drawn=5)

    def request(address: str, **change: Any) -> ChangeRequest:
        return ChangeRequest(change=change, names={"sfu": [address]})

    flow = {"sfu:udp": {"egress": {"loss": "5%"}}}
    schedule, _ = schedule.ask(request("10.0.0.1", flows=flow), NOW)
    schedule, _ = schedule.ask(request("10.0.0.2", flows=flow), NOW, lease_ns=SECOND)
    assert schedule.addresses == {"sfu": ["10.0.0.2"]}
    schedule = schedule.due(NOW + SECOND)
    assert schedule.addresses == {"sfu": ["10.0.0.1"]}
    schedule, _ = schedule.ask(ChangeRequest(change={"flows": None}), NOW + SECOND)
    assert schedule.addresses == {}


def test_what_is_reported() -> None:
    """The report has base, leases and scheduled changes with the time left."""
    clock = Clock(egress={"loss": "1%"})
    clock.ask(lease=10 * SECOND, egress={"loss": "5%"})
    clock.ask(at=20 * SECOND, replace=True)
    assert clock.schedule.report(NOW + SECOND) == {
        "conditions": {"egress": {"loss": "5%"}, "seed": 5},
        "base": {"egress": {"loss": "1%"}},
        "leases": [
            {
                "id": 1,
                "change": {"egress": {"loss": "5%"}},
                "at_ns": NOW,
                "expires_ns": NOW + 10 * SECOND,
                "left_ns": 9 * SECOND,
            }
        ],
        "scheduled": [{"id": 2, "replace": {}, "at_ns": NOW + 20 * SECOND, "in_ns": 19 * SECOND}],
        "failed": {"count": 0, "last": []},
        "history": [
            {
                "at_ns": NOW,
                "age_s": 1.0,
                "by": "api",
                "kind": "lease",
                "id": 1,
                "change": {"egress": {"loss": "5%"}},
                "lasts_ns": 10 * SECOND,
            }
        ],
    }


def happened(clock: Clock) -> list[tuple[float, str, str, int]]:
    """The history, as seconds since the start, by whom, kind and id."""
    return [((one.at_ns - NOW) / SECOND, one.by, one.kind, one.id) for one in clock.schedule.history]


def test_who_did_what_and_when() -> None:
    """The history has what came into force and what ended it, in order; a cancelled change never was in force."""
    clock = Clock()
    clock.ask(by="page", egress={"loss": "5%"})
    clock.ask(by="scenario", lease=2 * SECOND, egress={"loss": "6%"})
    clock.ask(by="python", at=3 * SECOND, replace=True)
    cancelled = clock.ask(by="pytest", at=4 * SECOND, egress={"loss": "7%"})
    released = clock.ask(by="command", lease=HOUR, egress={"loss": "8%"})
    clock.move(1 * SECOND)
    clock.schedule = clock.schedule.release(released, clock.now, "dashboard").release(cancelled, clock.now, "page")
    clock.move(9 * SECOND)
    assert happened(clock) == [
        (0, "page", "change", 1),
        (0, "scenario", "lease", 2),
        (0, "command", "lease", 5),
        (1, "dashboard", "released", 5),
        (2, "scenario", "expired", 2),
        (3, "python", "replace", 3),
    ]


def test_failures_are_in_the_history() -> None:
    """A lease or scheduled change that no longer applies is recorded with its change, after what made it invalid."""
    clock = Clock(egress={"rate": "1mbit"})
    clock.ask(by="scenario", at=2 * SECOND, egress={"queue": "10p"})
    clock.ask(by="page", lease=HOUR, egress={"queue": "20p"})
    clock.ask(by="command", egress={"rate": None})
    clock.move(2 * SECOND)
    assert happened(clock)[1:] == [
        (0, "command", "change", 3),
        (0, "page", "failed", 2),
        (2, "scenario", "failed", 1),
    ]
    assert clock.schedule.history[-1].change == {"egress": {"queue": "10p"}}


def test_a_late_change_is_recorded_when_it_came_into_force() -> None:
    """A change whose time had passed applies from its request on."""
    clock = Clock()
    clock.ask(at=-900 * MS, lease=SECOND, egress={"loss": "5%"})
    assert [(one.at_ns, one.lasts_ns) for one in clock.schedule.history] == [(NOW, SECOND)]


def test_a_refused_change_and_a_renewal_leave_no_record() -> None:
    """Neither brings anything else into force."""
    clock = Clock()
    lease = clock.ask(lease=HOUR, egress={"loss": "5%"})
    clock.schedule = clock.schedule.renew(lease, SECOND, NOW)
    with pytest.raises(ConditionsError):
        clock.ask(egress={"queue": "10p"})
    assert happened(clock) == [(0, "api", "lease", 1)]


def test_the_history_is_bounded() -> None:
    """It keeps the last records, and leaves long changes out of them."""
    clock = Clock()
    for number in range(MOST_RECORDS + 5):
        clock.ask(seed=number)
    assert [one.change for one in clock.schedule.history] == [{"seed": number} for number in range(5, MOST_RECORDS + 5)]
    for size in (MOST_CHANGE_BYTES, MOST_CHANGE_BYTES + 1):
        name = "x" * (size - len('{"flows": {"": {"match": "*:udp"}}}'))
        clock.ask(flows={name: {"match": "*:udp"}})
        assert (clock.schedule.history[-1].change is None) == (size > MOST_CHANGE_BYTES)
        clock.ask(flows=None)


def test_what_is_muted_is_not_in_force() -> None:
    """Muting equals removing for all that decides about packets; a lease may mute for a time."""
    flows = {"*:udp": {"egress": {"loss": "9%"}}, "*:tcp": {"egress": {"loss": "8%"}}}
    clock, removed = Clock(egress={"loss": "5%"}, flows=flows), Clock(flows={"*:tcp": flows["*:tcp"]})
    before = clock.schedule.in_force
    clock.ask(lease=SECOND, muted=True, flows={"*:udp": {"muted": True}})
    assert clock.schedule.in_force == removed.schedule.in_force
    assert clock.schedule.conditions_text["muted"]
    clock.move(SECOND)
    assert clock.schedule.in_force == before
