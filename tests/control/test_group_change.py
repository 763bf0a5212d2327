"""Changes of several clients, on a fake clock."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from synthlab.control.client_api import AT_ONCE, ChangeOptions, Observed
from synthlab.control.clock_sync import ClockSample
from synthlab.control.group_change import (
    AFTER_S,
    LEAD_NS,
    MAX_AT_ONCE,
    LabClient,
    Reachable,
    apply_change,
    apply_together,
    each,
)
from synthlab.control.state import ClientState, ScheduleEntry
from synthlab.errors import SynthlabError
from synthlab.testing import FakeClientApi, FakeClock
from synthlab.text.durations import SECOND_NS

MS = 10**6
LOSS = {"egress": {"loss": "5%"}}


class Away(FakeClientApi):
    """A client whose clock is `ahead_ns` ahead, with `network_ns` of round trip and `work_ns` of processing."""

    def __init__(self, name: str, clock: FakeClock, ahead_ns: int = 0, network_ns: int = 0, work_ns: int = 0) -> None:
        super().__init__(name, clock=clock)
        self.ahead_ns, self.network_ns, self.work_ns = ahead_ns, network_ns, work_ns
        self.in_ns: int | None = None
        self.fails = ""

    def clock(self) -> ClockSample:
        now = self._clock.now_ns()
        arrived = now + self.ahead_ns - self.work_ns - self.network_ns // 2
        return ClockSample(now - self.network_ns - self.work_ns, arrived, arrived + self.work_ns, now)

    def change(self, change: Mapping[str, Any], options: ChangeOptions = AT_ONCE) -> ClientState:
        state = super().change(change, options)
        entry = state.entry and replace(state.entry, in_ns=self.in_ns)
        return replace(state, entry=entry)

    def state(self) -> ClientState:
        failures = {self.asked: self.fails} if self.fails else {}
        return replace(super().state(), failures=failures)


def clients(*apis: FakeClientApi) -> list[LabClient]:
    return [LabClient(api.name, api.name, api) for api in apis]


def lead_ns(*apis: Away, clock: FakeClock) -> int:
    """The lead time with which clients got a change."""
    begin_ns = clock.now_ns()
    apply_change(clients(*apis), LOSS, AT_ONCE, clock=clock)
    (told_ns,) = {(api.options[-1].at_ns or 0) - api.ahead_ns for api in apis}
    return told_ns - begin_ns


def test_each_has_the_moment_by_its_own_clock() -> None:
    """Different clocks get different times for one moment; the doubt is the network's, not the processing time's."""
    clock = FakeClock()
    far = Away("a", clock, ahead_ns=7 * SECOND_NS, network_ns=4 * MS, work_ns=20 * MS), Away("b", clock)
    made = apply_change(clients(*far), LOSS, AT_ONCE, clock=clock)
    at_ns = [api.options[-1].at_ns or 0 for api in far]
    assert at_ns[0] - at_ns[1] == 7 * SECOND_NS
    assert made.apart_ns == 4 * MS


@pytest.mark.issue(14)
def test_clocks_of_several_machines_are_read_again() -> None:
    """A slow answer to the check does not decide: the quickest of several further samples does."""
    clock = FakeClock()

    class Calming(Away):
        def clock(self) -> ClockSample:
            sample = super().clock()
            self.network_ns = max(self.network_ns - 3 * MS, MS)
            return sample

    far = Calming("a", clock, ahead_ns=7 * SECOND_NS, network_ns=9 * MS), Away("b", clock)
    assert apply_change(clients(*far), LOSS, AT_ONCE, clock=clock).apart_ns == MS


def test_one_clock_leaves_no_doubt() -> None:
    """Clients of one machine change at exactly the same time."""
    clock = FakeClock()
    made = apply_change(clients(Away("a", clock, network_ns=MS), Away("b", clock, network_ns=9 * MS)), LOSS, AT_ONCE)
    assert made.apart_ns == 0
    assert {name: state.conditions_text for name, state in made.before.items()} == {"a": {}, "b": {}}


@pytest.mark.parametrize(
    ("network_ns", "work_ns", "count", "expected_ns"),
    [
        (MS, MS, 2, LEAD_NS),
        (30 * MS, 0, 2, 90 * MS),  # far away
        (MS, 99 * MS, 2, 200 * MS),  # slow
        (MS, 49 * MS, 2 * MAX_AT_ONCE, 200 * MS),  # more than can be asked at once
    ],
)
def test_the_lead_is_long_enough(network_ns: int, work_ns: int, count: int, expected_ns: int) -> None:
    """Clients that are far away, slow or many get the change earlier, so that it is never late."""
    clock = FakeClock()
    apis = [Away(f"c{number}", clock, 0, network_ns, work_ns) for number in range(count)]
    assert lead_ns(*apis, clock=clock) == expected_ns


def test_it_is_in_force_when_it_returns() -> None:
    """It waits for the last client to start, on the given clock."""
    clock = FakeClock()
    apis = Away("a", clock), Away("b", clock)
    apis[0].in_ns = 3600 * SECOND_NS
    begin_s = clock.now_s()
    apply_change(clients(*apis), LOSS, AT_ONCE, clock=clock)
    assert clock.now_s() - begin_s == pytest.approx(3600 + AFTER_S)


def test_what_waits_is_not_waited_for() -> None:
    """`after` counts from now, and applies at the same moment to all."""
    clock = FakeClock()
    apis = Away("a", clock), Away("b", clock)
    begin_ns = clock.now_ns()
    apply_change(clients(*apis), LOSS, ChangeOptions(after_ns=SECOND_NS), clock=clock)
    assert [api.options[-1] for api in apis] == [ChangeOptions(at_ns=begin_ns + SECOND_NS)] * 2
    assert clock.now_ns() == begin_ns


def test_one_that_could_not_begin_is_an_error() -> None:
    """If a client drops the change when it is due, the error has the reason."""
    clock = FakeClock()
    apis = Away("a", clock), Away("b", clock)
    apis[1].fails = "egress.queue: has no effect"
    with pytest.raises(SynthlabError, match=r"^b: egress\.queue: has no effect$"):
        apply_change(clients(*apis), LOSS, AT_ONCE, clock=clock)


def test_a_late_forwarder_is_in_the_distance() -> None:
    """The delay of the latest client counts as time apart."""
    clock = FakeClock()

    class Late(Away):
        def change(self, change: Mapping[str, Any], options: ChangeOptions = AT_ONCE) -> ClientState:
            entry = ScheduleEntry(id=1, change=change, replace=False, in_ns=None, left_ns=None, late_ns=3 * MS)
            return replace(super().change(change, options), entry=entry)

    made = apply_change(clients(Late("a", clock), Away("b", clock)), LOSS, AT_ONCE, clock=clock)
    assert made.apart_ns == 3 * MS


def test_the_order_of_flows_is_restored() -> None:
    """If one client fails while flows are put in another order, the others get their order back."""
    clock = FakeClock()
    startup: dict[str, Any] = {"flows": {"*:udp": {}, "*:tcp": {}}}
    apis = FakeClientApi("a", startup, clock), FakeClientApi("b", startup, clock)

    def act(client: Reachable, _: ChangeOptions) -> ClientState:
        if client.name == "b":
            raise SynthlabError("b")
        return client.api.change({"order": ["*:tcp"]})

    with pytest.raises(SynthlabError, match=r"\Ab\Z"):
        apply_together(clients(*apis), act, lambda client: client.api.observe(), AT_ONCE, clock)
    assert apis[0].requests == [{"order": ["*:tcp"]}]
    assert apis[0].base == apis[0].startup


def test_one_client_is_not_observed_before() -> None:
    """A single client changes at once, with one request."""

    class Plain(FakeClientApi):
        def check(self, change: Mapping[str, Any], options: ChangeOptions = AT_ONCE) -> Observed:
            raise AssertionError("checked")

        def state(self) -> ClientState:
            raise AssertionError("asked for its state")

    made = apply_change(clients(Plain("a")), LOSS, AT_ONCE, clock=FakeClock())
    assert (made.apart_ns, made.before, made.states["a"].base_text) == (None, {}, LOSS)


def test_each_waits_for_all() -> None:
    """The first failure in order is raised, once all requests are done, and names the others that failed."""
    asked: list[str] = []

    def act(client: LabClient) -> None:
        asked.append(client.name)
        if client.name != "c":
            raise SynthlabError(client.name)

    with pytest.raises(SynthlabError, match=r"\Aa \(also b\)\Z"):
        each(clients(*(FakeClientApi(name) for name in "abc")), act)
    assert sorted(asked) == ["a", "b", "c"]


class JustBegun(Away):
    """A client at which a scheduled change takes effect just before it can be released."""

    def change(self, change: Mapping[str, Any], options: ChangeOptions = AT_ONCE) -> ClientState:
        self.entries.append({"id": 7, "change": change, "at_ns": options.at_ns or 0, "in_ns": MS})
        return self.state()

    def release(self, id: int) -> ClientState:
        self.entries = [entry for entry in self.entries if entry["id"] != id]
        self.base = self.base.changed(LOSS)
        raise SynthlabError(f"{self.name}: no lease or scheduled change {id}")


class Refusing(Away):
    """A client that refuses every change."""

    def change(self, change: Mapping[str, Any], options: ChangeOptions = AT_ONCE) -> ClientState:
        raise SynthlabError(f"{self.name}: no room")


@pytest.mark.issue(11)
def test_a_change_that_begins_while_it_is_reverted_is_reverted_too() -> None:
    """All or none, also if the change takes effect between two requests of the restore."""
    clock = FakeClock()
    begun, refusing = JustBegun("client1", clock), Refusing("client2", clock)
    with pytest.raises(SynthlabError, match="client2: no room"):
        apply_change(clients(begun, refusing), LOSS, AT_ONCE, clock=clock)
    assert begun.base.to_dict() == {}
