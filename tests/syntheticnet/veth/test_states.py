"""Walking between states on real packets: each state's values, from the moment the walk says, also over a restart."""

from __future__ import annotations

import time
from typing import Any

import pytest

from syntheticnet.conditions import Conditions, first_stay, next_stay

from ..builders import MS, SECOND
from .chance import is_binomial
from .traffic import drained, number, numbered, paced
from .world import World

pytestmark = [pytest.mark.veth, pytest.mark.issue(15)]

PER_SECOND = 2000
COUNT = 3 * PER_SECOND
LOST = {"good": 0.0, "lossy": 0.3, "gone": 1.0}
STATES: dict[str, Any] = {
    "good": {"mean": "200ms"},
    "lossy": {"mean": "200ms", "egress": {"loss": "30%"}},
    "gone": {"mean": "100ms", "egress": {"outage": True}},
}
CLOSE_MS = 5


def walked(begun_ns: int, seed: int, until_ns: int) -> list[tuple[int, int, str]]:
    """Begin, end and state of each stay."""
    states = Conditions().changed({"states": STATES}).states
    stays, stay = [], first_stay(states, "good", seed)
    while begun_ns < until_ns:
        stays.append((begun_ns, begun_ns + stay.lasts_ns, stay.state))
        begun_ns, stay = begun_ns + stay.lasts_ns, next_stay(states, stay, seed)
    return stays


def test_each_packet_meets_the_state_of_its_time(world: World) -> None:
    """Nothing is lost while it is good, everything while it is gone, and the stated share in between."""
    report = world.configure(states=STATES, seed=11)
    begun_ns = report["walk"]["since_ns"]
    sent: list[int] = []
    away, toward = world.udp_pair("client")

    def send(n: int) -> None:
        sent.append(time.monotonic_ns())
        away.send(numbered(n))

    with away, toward:
        paced(COUNT, PER_SECOND, send)
        time.sleep(0.2)
        arrived = {number(datagram) for datagram in drained(toward)}
    stays = walked(begun_ns, 11, sent[-1])
    seen = {state for _, _, state in stays}
    assert seen == set(STATES)
    of_state: dict[str, list[bool]] = {state: [] for state in seen}
    for begins, ends, state in stays:
        inner = [n for n, at in enumerate(sent) if begins + CLOSE_MS * MS < at < ends - CLOSE_MS * MS]
        of_state[state] += [n not in arrived for n in inner]
    assert sum(map(len, of_state.values())) > COUNT / 2
    for state, lost in of_state.items():
        share = LOST[state]
        assert sum(lost) == share * len(lost) if share in (0, 1) else is_binomial(sum(lost), len(lost), share)


def test_the_report_follows_the_walk(world: World) -> None:
    """The states that the report lists are those that the seed says, at their times; clearing them ends the walk."""
    begun_ns = world.configure(states=STATES, seed=5)["walk"]["since_ns"]
    time.sleep(1)
    report = world.report()
    stays = walked(begun_ns, 5, report["monotonic_ns"])
    assert report["walk"]["past"] == [{"at_ns": begins, "state": state} for begins, _, state in stays[-32:]]
    assert report["conditions"]["state"] == stays[-1][2]
    assert "walk" not in world.ask("change", change={"states": None})


def test_a_lease_of_states_ends_by_itself(world: World) -> None:
    """After it everything passes again, whatever state it was in."""
    gone = {"gone": {"mean": "1h", "egress": {"outage": True}}, "good": {"mean": "1h"}}
    world.ask("change", change={"states": gone}, lease_ns=SECOND // 2)
    away, toward = world.udp_pair("client")
    with away, toward:
        paced(100, 1000, lambda n: away.send(numbered(n)))
        time.sleep(0.6)
        assert drained(toward) == []
        paced(100, 1000, lambda n: away.send(numbered(n)))
        time.sleep(0.1)
        assert len(drained(toward)) == 100
