"""The network between machines, by the round trips of requests."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from synthlab.control.clock_sync import ClockSample
from synthlab.control.group_change import LabClient
from synthlab.control.state import MOST_LATE_MS
from synthlab.runner.sampler import Sampler
from synthlab.runner.underlay import of_underlay, round_trip_name, underlay_line
from synthlab.runner.validity import problems
from synthlab.scenario.expression import Recorded
from synthlab.testing import FakeClientApi, FakeClock
from synthlab.text.durations import MS_NS, SECOND_NS

pytestmark = pytest.mark.issue(14)


def recorded(client: str, times_ms: Sequence[float]) -> Recorded:
    """One round trip a second."""
    made = Recorded()
    for second, ms in enumerate(times_ms, 1):
        made.add(second * SECOND_NS, {round_trip_name(client): ms})
    return made


def test_only_of_other_machines() -> None:
    """The time that a client needs is left out; one on this machine has no underlay."""
    sample = ClockSample(0, 3 * MS_NS, 8 * MS_NS, 9 * MS_NS)
    api = FakeClientApi("a")
    assert of_underlay(LabClient("a", "a", api), sample) == {}
    assert of_underlay(LabClient("a", "a", api, node="node2"), sample) == {round_trip_name("a"): 4.0}


def test_the_fact() -> None:
    """Median and p99 of all clients together; nothing is said of a lab on one machine."""
    line = underlay_line(["a", "b"], recorded("a", [1.0] * 98 + [2.0, 50.0]))
    assert line == "round trip to the nodes: median 1.0 ms, p99 2.5 ms"
    assert underlay_line(["b"], recorded("a", [1.0] * 5)) is None


def test_a_slow_network_is_no_verdict() -> None:
    """If one way often takes longer than a forwarder may, the run is inconclusive; a few such seconds are nothing."""
    slow = 2 * MOST_LATE_MS + 1
    (line,) = problems(["a"], recorded("a", [1.0] * 7 + [slow] * 3), None, [])
    reason = "one way took more than 50 ms in 30% of all requests (maximum 20%)"
    assert line == f"a: the network to its node was too slow: {reason}"
    assert problems(["a"], recorded("a", [slow] * 2), None, []) == []
    assert problems(["a"], recorded("a", [1.0] * 17 + [slow] * 3), None, []) == []
    assert problems(["a"], recorded("a", [slow] * 9), None, [], since_ns=8 * SECOND_NS) == []


def test_it_is_sampled() -> None:
    """Each request for a client's state measures it."""
    clock = FakeClock()
    clients = [
        LabClient(name, name, FakeClientApi(name, clock=clock), node=node) for name, node in (("a", "n"), ("b", ""))
    ]
    sampler = Sampler(lambda: clients, clock.now_ns, clock=clock)
    for client in clients:
        sampler._poll_state(client).ask()
    assert [one.value for one in sampler.recorded.series(round_trip_name("a"))] == [0.0]
    assert not sampler.recorded.series(round_trip_name("b"))
