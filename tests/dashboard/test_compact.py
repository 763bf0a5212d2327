"""What a page is sent of a client's state."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from synthlab.control.state import ClientState
from synthlab.dashboard.compact import compact_state
from synthlab.testing import FakeClientApi

pytestmark = pytest.mark.issue(15)


def test_states_of_the_last_seconds() -> None:
    """Each state that the walk came to has its age; older ones were sent before, but the present one always is."""
    state = FakeClientApi("client1").state()
    assert "walk" not in compact_state(state)
    assert compact_state(walking(state, (1, "good"), (95, "bad"), (99, "gone")))["walk"] == {
        "state": "gone",
        "past": [
            {"at_ns": 95 * 10**9, "age_s": 5.0, "state": "bad"},
            {"at_ns": 99 * 10**9, "age_s": 1.0, "state": "gone"},
        ],
    }
    assert [stay["state"] for stay in compact_state(walking(state, (1, "good"), (2, "bad")))["walk"]["past"]] == ["bad"]


def test_reach() -> None:
    """A forwarder's estimate of its reach is sent if there is one: JSON knows no infinity."""
    state = FakeClientApi("client1").state()
    assert compact_state(replace(state, reach_bps=2e8))["reach_bps"] == 2e8
    assert "reach_bps" not in compact_state(replace(state, reach_bps=math.inf))


def walking(state: ClientState, *past: tuple[int, str]) -> ClientState:
    stays = [{"at_ns": at_s * 10**9, "state": name} for at_s, name in past]
    answer = {**state.answer, "monotonic_ns": 100 * 10**9, "walk": {"state": past[-1][1], "past": stays}}
    return replace(state, answer=answer)
