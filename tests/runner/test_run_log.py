"""What a run records of the conditions of clients over time."""

from __future__ import annotations

from typing import Any

import pytest

from synthlab.control.state import ClientState
from synthlab.runner.run_log import Configurations
from synthlab.testing import FakeClientApi
from synthlab.text.durations import SECOND_NS as S

pytestmark = pytest.mark.issue(15)

STATES = {"good": {"mean": "20s"}, "bad": {"mean": "5s", "egress": {"loss": "5%"}}}


def walking(now_ns: int, *stays: tuple[int, str]) -> ClientState:
    """The state of a client at `now_ns` that has been through these stays, by the times at which they began."""
    api = FakeClientApi("client2", {"states": STATES, "state": stays[-1][1]})
    past: list[dict[str, Any]] = [{"at_ns": at_ns, "state": state} for at_ns, state in stays]
    return ClientState.from_dict(api.answer() | {"monotonic_ns": now_ns, "walk": {"past": past}})


def test_states_are_recorded_when_they_began() -> None:
    """Also those between two samples; the container's clock began long before the run."""
    configured = Configurations()
    stays = [(95 * S, "good"), (101 * S, "bad"), (101 * S + S // 2, "good"), (107 * S, "bad")]
    configured.note(0, {"client2": walking(100 * S, *stays[:1])})
    for second, count in ((1, 2), (2, 3), (3, 3), (8, 4)):
        configured.sampled(second * S, "client2", walking((100 + second) * S, *stays[:count]))
    found = [(entry.at_s, entry.conditions["state"]) for entry in configured.entries]
    assert found == [(0, "good"), (1, "bad"), (1.5, "good"), (7, "bad")]


def test_other_conditions_are_recorded_when_they_are_seen() -> None:
    """A walk that was not there before begins with the sample."""
    configured = Configurations()
    configured.note(0, {"client2": FakeClientApi("client2").state()})
    configured.sampled(2 * S, "client2", walking(102 * S, (99 * S, "good"), (101 * S, "bad")))
    assert [(entry.at_s, entry.conditions.get("state")) for entry in configured.entries] == [(0, None), (2, "bad")]


def test_conditions_of_the_start() -> None:
    """A client first seen after a change began with the conditions of its start; a seed or a state is no change."""
    api = FakeClientApi("client1", {"egress": {"latency": "20ms"}})
    api.change({"egress": {"loss": "5%"}})
    configured = Configurations()
    configured.note(2 * S, {"client1": api.state()})
    assert [(entry.at_s, entry.conditions["egress"]) for entry in configured.entries] == [
        (0, {"latency": "20ms"}),
        (2, {"latency": "20ms", "loss": "5%"}),
    ]
    seeded = FakeClientApi("client2")
    seeded.change({"seed": 7})
    configured.note(3 * S, {"client2": seeded.state(), "client3": walking(100 * S, (95 * S, "bad"))})
    assert [entry.at_s for entry in configured.entries if entry.client != "client1"] == [3, 3]
