"""ConditionSchedule: leases and scheduled changes on a clock that the test moves."""

from __future__ import annotations

from typing import Any

import pytest

from syntheticnet.conditions import Conditions, ConditionsError
from syntheticnet.forwarder.schedule import (
    MOST_FAILURES,
    MOST_LEASES,
    MOST_SCHEDULED,
    ChangeRequest,
    ConditionSchedule,
)

from ..builders import MS, SECOND, exactly

NOW = 1000 * SECOND


HOUR = 3600 * SECOND


class Clock:
    """A schedule with its time, moved by the test."""

    def __init__(self, **base: Any) -> None:
        self.now = NOW
        self.schedule = ConditionSchedule(Conditions.from_dict(base), drawn=5)

    def ask(self, at: int | None = None, lease: int | None = None, replace: bool = False, **change: Any) -> int:
        """Ask for a change, `at` ns from the start on; the id of its entry."""
        at_ns = None if at is None else NOW + at
        self.schedule, entry = self.schedule.ask(ChangeRequest(change=change, replace=replace), self.now, at_ns, lease)
        return entry.id

    def move(self, to: int) -> None:
        """To `to` ns after the start, with what is due done."""
        self.now = NOW + to
        self.schedule = self.schedule.due(self.now)

    @property
    def egress(self) -> dict[str, Any]:
        return self.schedule.conditions.egress.to_dict()

    @property
    def deadline(self) -> int | None:
        return None if self.schedule.deadline is None else self.schedule.deadline - NOW


def test_a_change_for_good() -> None:
    """Without a lease or a time a change is in force at once, and nothing is ever due."""
    clock = Clock(egress={"latency": "10ms"})
    clock.ask(egress={"loss": "5%"})
    assert clock.egress == {"loss": "5%", "latency": "10ms"}
    assert clock.deadline is None
    assert clock.schedule.due(NOW + HOUR) is clock.schedule


def test_a_lease_reverts_by_itself() -> None:
    """Up to its last nanosecond a lease is in force, then what was before; also what was changed beneath it."""
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


def test_leases_lie_on_each_other_in_their_order() -> None:
    """The lease that began last counts; when it ends, the one beneath does."""
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


def test_a_whole_lease_covers_and_gives_back() -> None:
    """Whole conditions as a lease hide all that is beneath, and drop none of it."""
    clock = Clock(egress={"loss": "1%"})
    clock.ask(lease=9 * SECOND, ingress={"loss": "2%"})
    clock.ask(lease=1 * SECOND, replace=True, egress={"latency": "5ms"})
    assert clock.schedule.conditions.to_dict() == {"egress": {"latency": "5ms"}, "seed": 5}
    clock.move(1 * SECOND)
    assert clock.schedule.conditions.to_dict() == {"ingress": {"loss": "2%"}, "egress": {"loss": "1%"}, "seed": 5}


def test_a_replacement_drops_what_was_asked_for_before() -> None:
    """Leases and scheduled changes that are older go, when it takes effect; younger ones stay."""
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
    """With `keep` only what leases are put on is replaced."""
    clock = Clock(egress={"loss": "1%"})
    clock.ask(lease=SECOND, egress={"latency": "5ms"})
    clock.schedule, _ = clock.schedule.ask(
        ChangeRequest(change={"egress": {"rate": "1mbit"}}, replace=True, keep=True), NOW
    )
    assert clock.egress == {"rate": "1mbit", "latency": "5ms"}


def test_scheduled_changes_in_the_order_of_their_times() -> None:
    """Whoever looks late finds what would be there had it looked in time; of one time the first asked is first."""
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
    """What cannot be is refused when it is asked for, now or for later, by all that is in force then."""
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


def test_what_has_become_impossible_is_dropped_and_reported() -> None:
    """A scheduled change, and a lease whose ground is gone: neither takes anything else with it."""
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


def test_failures_are_counted_for_ever_and_reported_for_a_while() -> None:
    """The list of them stays short."""
    clock = Clock(egress={"rate": "1mbit"})
    for second in range(20):
        clock.ask(at=second * SECOND + 1, egress={"queue": "10p"})
    clock.ask(egress={"rate": None})
    clock.move(HOUR)
    assert clock.schedule.failed == 20
    assert len(clock.schedule.failures) == MOST_FAILURES
    assert clock.schedule.failures[-1]["id"] == 20


def test_renew_and_release() -> None:
    """A lease lasts as long from now as it is renewed for; a released one is as if it had ended."""
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


def test_what_there_is_not_can_be_neither_renewed_nor_released() -> None:
    """The error lists what there is."""
    clock = Clock()
    line = exactly("no lease or scheduled change 7; there are: none")
    with pytest.raises(ConditionsError, match=line):
        clock.schedule.release(7, NOW)
    change = clock.ask(at=SECOND, egress={"loss": "5%"})
    with pytest.raises(ConditionsError, match=exactly("no lease or scheduled change 7; there are: 1")):
        clock.schedule.renew(7, SECOND, NOW)
    with pytest.raises(ConditionsError, match=exactly("1 is a scheduled change for good, and has no end to be moved")):
        clock.schedule.renew(change, SECOND, NOW)


@pytest.mark.parametrize(
    ("at", "lease", "line"),
    [
        (-SECOND - 1, None, "at: is 1.0 s past; 1 s at the most"),
        (HOUR + SECOND, None, "at: is 3601 s ahead; 3600 s at the most"),
        (None, 50 * MS, "lease: 0.05 s are not between 0.1 s and 1 h"),
        (None, HOUR + SECOND, "lease: 3601 s are not between 0.1 s and 1 h"),
    ],
)
def test_times_have_bounds(at: int | None, lease: int | None, line: str) -> None:
    """At most an hour ahead, at most a second late; leases from 0.1 s to an hour."""
    clock = Clock()
    with pytest.raises(ConditionsError, match=exactly(line)):
        clock.ask(at=at, lease=lease, egress={"loss": "5%"})
    for at, lease in ((-SECOND, None), (HOUR, None), (None, 100 * MS), (None, HOUR)):
        clock.ask(at=at, lease=lease, egress={"loss": "5%"})


def test_a_little_late_is_at_once() -> None:
    """A time that is just past is now, and a lease counts from the time that was asked for."""
    clock = Clock()
    clock.ask(at=-900 * MS, lease=SECOND, egress={"loss": "5%"})
    assert clock.egress == {"loss": "5%"}
    assert clock.deadline == 100 * MS


def test_numbers_are_bounded() -> None:
    """One more lease, change or byte than there is room for is refused, and what is there stays."""
    clock = Clock()
    for _ in range(MOST_LEASES):
        clock.ask(lease=HOUR, egress={"loss": "5%"})
    for _ in range(MOST_SCHEDULED):
        clock.ask(at=SECOND, egress={"loss": "5%"})
    with pytest.raises(ConditionsError, match=exactly("there are 64 leases already: release one")):
        clock.ask(lease=HOUR, egress={"loss": "5%"})
    with pytest.raises(ConditionsError, match=exactly("there are 256 scheduled changes already: release one")):
        clock.ask(at=SECOND, egress={"loss": "5%"})
    clock = Clock()
    long = {f"{'x' * 30_000}{n}": {"match": f"10.0.0.{n}"} for n in range(30)}
    clock.ask(at=SECOND, flows=long)
    with pytest.raises(ConditionsError, match=exactly("leases and scheduled changes would be more than 1048576 bytes")):
        clock.ask(at=SECOND, flows=long)


def test_a_seed_drawn_once_stays() -> None:
    """Where no seed is requested it is the drawn one, whatever is changed, replaced or comes to its end."""
    clock = Clock()
    clock.ask(seed=9, lease=SECOND)
    assert clock.schedule.conditions.seed == 9
    clock.move(SECOND)
    clock.ask(replace=True, egress={"loss": "5%"})
    assert clock.schedule.conditions.seed == 5


def test_addresses_of_names() -> None:
    """Those of a lease count while it lasts; those of flows that are gone are forgotten."""
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
    """Base, leases and scheduled changes, with what is left of each time."""
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
    }
