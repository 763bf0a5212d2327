"""Network operations: which client gets which partial change, and how a partition is healed."""

from __future__ import annotations

from typing import Any

import pytest

from syntheticnet.conditions import Conditions
from synthlab.errors import WrongUse
from synthlab.stack.network_operations import (
    ANSWERS,
    block,
    heal,
    is_partition,
    link_down,
    link_up,
    partition,
)

pytestmark = pytest.mark.issue(11)

CLIENTS = ("client1", "client2")
DOWN: dict[str, Any] = {"outage": True}
RESET: dict[str, Any] = {"reject": "reset"}


def test_block() -> None:
    """The flow is blocked in both directions, silently or with an answer."""
    assert block("*:udp") == {"flows": {"*:udp": {"ingress": DOWN, "egress": DOWN}}}
    assert block("*:tcp", "reset") == {"flows": {"*:tcp": {"ingress": RESET, "egress": RESET}}}


@pytest.mark.parametrize("answer", ANSWERS)
def test_every_answer_is_a_condition(answer: str) -> None:
    """A client accepts the change for every allowed answer."""
    assert Conditions().changed(block("*", answer)).flows[0].ingress.to_dict()


@pytest.mark.parametrize(
    ("a", "b", "direction", "client", "change"),
    [
        ("client1", "client2", "both", "client1", {"client2": {"ingress": DOWN, "egress": DOWN}}),
        ("client1", "client2", "a-to-b", "client1", {"client2": {"egress": DOWN}}),
        ("client1", "client2", "b-to-a", "client1", {"client2": {"ingress": DOWN}}),
        ("sfu", "client2", "both", "client2", {"sfu": {"ingress": DOWN, "egress": DOWN}}),
        ("sfu", "client2", "a-to-b", "client2", {"sfu": {"ingress": DOWN}}),
        ("sfu", "client2", "b-to-a", "client2", {"sfu": {"egress": DOWN}}),
    ],
)
def test_partition(a: str, b: str, direction: str, client: str, change: Any) -> None:
    """The first conditioned end blocks its links to the other: egress away from it, ingress toward it."""
    assert partition(a, b, CLIENTS, direction) == (client, {"flows": change})


def test_a_conditioned_server_is_an_end_like_any_other() -> None:
    """A conditioned server named first gets the change."""
    change = {"flows": {"client1": {"egress": RESET}}}
    assert partition("sfu", "client1", (*CLIENTS, "sfu"), "a-to-b", "reset") == ("sfu", change)


@pytest.mark.parametrize(
    ("a", "b", "words", "message"),
    [
        ("client1", "client1", {}, "partition: 'client1' is both ends; name two clients, or a client and sfu"),
        ("sfu", "turn", {}, "partition: neither sfu nor turn has conditions; one of them must be a client"),
        (
            *("client1", "sfu", {"direction": "a-to-c"}),
            "direction: 'a-to-c' is not one of both, a-to-b, b-to-a; did you mean a-to-b?",
        ),
        (
            *("client1", "sfu", {"answer": "rest"}),
            f"answer: 'rest' is not one of {', '.join(ANSWERS)}; did you mean reset?",
        ),
    ],
)
def test_wrong_use(a: str, b: str, words: dict[str, str], message: str) -> None:
    """Invalid ends and words are rejected in one line with what is allowed."""
    with pytest.raises(WrongUse) as caught:
        partition(a, b, CLIENTS, **words)
    assert caught.value.message == message


@pytest.mark.parametrize("flow", [{"muted": True}, {"match": "sfu:udp", "egress": DOWN}, {"egress": {"loss": "5%"}}])
def test_no_partition(flow: dict[str, Any]) -> None:
    """A change that does anything else than blocking is none."""
    assert is_partition({"flows": {"sfu": {"egress": DOWN}}}, "sfu")
    assert not is_partition({"flows": {"sfu": flow}}, "sfu")


def test_link() -> None:
    """Down blocks both directions, and up restores the previous values."""
    before = Conditions.from_dict({"egress": {"loss": "5%"}})
    down = before.changed(link_down())
    assert down.to_dict() == {"ingress": DOWN, "egress": {"loss": "5%", "outage": True}}
    assert down.changed(link_up()) == before


@pytest.mark.parametrize(
    ("before", "startup"),
    [
        ({}, {}),
        ({"egress": {"loss": "5%"}, "flows": {"*:tcp": {}}}, {}),
        ({"flows": {"sfu": {"egress": {"latency": "80ms"}}}}, {}),
        ({"flows": {"sfu": {"match": "sfu:udp"}}}, {}),
        ({"flows": {"sfu": {}}}, {"flows": {"sfu": {}}}),
    ],
)
@pytest.mark.parametrize("direction", ["both", "a-to-b", "b-to-a"])
@pytest.mark.parametrize("answer", ["silent", "reset"])
def test_heal(before: Any, startup: Any, direction: str, answer: str) -> None:
    """Healing reverts only the partition: earlier values and flows are kept."""
    _, change = partition("client1", "sfu", CLIENTS, direction, answer)
    start = Conditions.from_dict(before)
    parted = start.changed(change)
    back = heal("sfu", parted.to_dict(), startup)
    assert parted != start
    assert parted.changed(back) == start


@pytest.mark.parametrize(
    "base", [{}, {"flows": {"*:udp": {"egress": DOWN}}}, {"flows": {"sfu": {"egress": {"loss": "5%"}}}}]
)
def test_nothing_to_heal(base: Any) -> None:
    """Without a partition there is no change."""
    assert heal("sfu", base, {}) is None


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (partition("client1", "sfu", CLIENTS)[1], True),
        (partition("client1", "sfu", CLIENTS, "b-to-a", "reset")[1], True),
        (partition("client1", "client2", CLIENTS)[1], False),
        ({"flows": {"sfu": {"egress": {"outage": True, "loss": "5%"}}}}, False),
        ({"flows": {"sfu": {"egress": {"outage": None}}}}, False),
        ({"flows": {"sfu": None}}, False),
        ({"flows": None}, False),
        (link_down(), False),
    ],
)
def test_recognizes_a_partition(change: Any, expected: bool) -> None:
    """A lease is a partition only if it does nothing else."""
    assert is_partition(change, "sfu") is expected
