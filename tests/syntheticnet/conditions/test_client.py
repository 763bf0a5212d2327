"""Conditions of a client: partial changes, errors with their location, and round trips."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syntheticnet.conditions import Conditions, ConditionsError, LinkConditions

from ..builders import exactly

FULL: dict[str, Any] = {
    "ingress": {
        "rate": "1.5mbit",
        "queue": "200ms",
        "overhead": "24b",
        "loss": "5%",
        "latency": "80ms",
        "jitter": "20ms",
        "distribution": "one-sided",
        "jitter_share": "50%",
        "reordering": True,
    },
    "egress": {"rate": "unlimited", "loss": "0%"},
    "muted": True,
    "flows": {
        "*:udp:1-1000": {"egress": {"loss": "2%"}},
        "media": {"match": "[2001:db8::1]:udp", "ingress": {"latency": "1s"}, "muted": True},
    },
    "seed": 7,
}


def test_perfect_by_default() -> None:
    """`Conditions()` impairs nothing and serialises to an empty mapping."""
    assert Conditions().perfect
    assert Conditions().to_dict() == {}


def test_all_that_is_written_reads_back() -> None:
    """`to_dict` returns exactly what `from_dict` read."""
    conditions = Conditions.from_dict(FULL)
    assert conditions.to_dict() == FULL
    assert Conditions.from_dict(conditions.to_dict()) == conditions
    assert not conditions.perfect


def test_a_change_leaves_the_rest() -> None:
    """A change keeps what it does not mention; None clears a value, a direction, a flow, all flows, the seed."""
    start = Conditions.from_dict(FULL)
    assert start.changed({"egress": {"latency": "5ms"}}).egress.to_dict() == {
        "rate": "unlimited",
        "loss": "0%",
        "latency": "5ms",
    }
    assert start.changed({"ingress": {"loss": None}}).ingress.loss is None
    assert start.changed({"ingress": None}).ingress == LinkConditions()
    assert [flow.name for flow in start.changed({"flows": {"*:udp:1-1000": None}}).flows] == ["media"]
    assert start.changed({"flows": None}).flows == ()
    assert start.changed({"seed": None}).seed is None
    assert start.changed({}) == start


def test_clearing_a_value_clears_no_other() -> None:
    """A queue without its rate, or a distribution without its jitter, has no effect and applies to the next one."""
    start = Conditions.from_dict(FULL)
    changed = start.changed({"ingress": {"rate": None, "jitter": None}})
    assert {*changed.ingress.void()} == {"queue", "overhead", "distribution", "jitter_share", "reordering"}
    assert changed.ingress.effective().to_dict() == {"loss": "5%", "latency": "80ms"}
    assert Conditions.from_dict(changed.to_dict()) == changed
    assert changed.changed({"ingress": {"rate": FULL["ingress"]["rate"], "jitter": FULL["ingress"]["jitter"]}}) == start


def test_a_changed_flow_keeps_its_place_and_its_other_values() -> None:
    """Flows keep their order of creation, because the first match wins."""
    start = Conditions.from_dict({"flows": {"*:udp": {"egress": {"loss": "2%"}}, "*:tcp": {}}})
    changed = start.changed({"flows": {"*:udp": {"egress": {"latency": "9ms"}}}})
    assert list(changed.to_dict()["flows"]) == ["*:udp", "*:tcp"]
    assert changed.flows[0].egress.to_dict() == {"loss": "2%", "latency": "9ms"}


@pytest.mark.parametrize(
    ("change", "line"),
    [
        ([], "[] is not a mapping with ingress, egress, muted, flows, order, states, state, dns, nat or seed"),
        (
            {"egres": {}},
            "egres: no such key; did you mean egress?; "
            "allowed: ingress, egress, muted, flows, order, states, state, dns, nat, seed",
        ),
        ({"egress": {"loss": "120%"}}, "egress.loss: '120%' is not between 0% and 100%"),
        ({"egress": {"loss": 0.05}}, "egress.loss: 0.05 is not a share such as 5% or 0.5%"),
        ({"ingress": 3}, "ingress: 3 is not a mapping of values such as {loss: 5%, latency: 80ms}"),
        ({"egress": {"queue": "1s"}}, "egress.queue: requires rate or rate_trace"),
        ({"egress": {"reordering": True}}, "egress.reordering: requires jitter"),
        ({"seed": -1}, "seed: -1 is not a whole number from 0 to 2^63-1"),
        ({"seed": True}, "seed: True is not a whole number from 0 to 2^63-1"),
        ({"muted": "maybe"}, "muted: 'maybe' is not true or false"),
        ({"flows": {"*:udp": {"muted": 1}}}, "flows.*:udp.muted: 1 is not true or false"),
        ({"order": "*:udp"}, "order: '*:udp' is not a list of flows such as ['sfu:rtp', '*:udp']"),
        ({"order": None}, "order: None is not a list of flows such as ['sfu:rtp', '*:udp']"),
        (
            {"flows": {"*:udp": {}}, "order": ["*:udp", "*:udp"]},
            "order: '*:udp' is listed 2 times; list each flow once",
        ),
        ({"flows": {"*:udp": {}}, "order": ["*:tcp"]}, "order: no such flow '*:tcp'; existing flows: *:udp"),
        ({"order": ["*:tcp"]}, "order: no such flow '*:tcp'; existing flows: none"),
        ({"flows": []}, "flows: [] is not a mapping of flows such as {'*:udp': {egress: {loss: 5%}}}"),
        ({"flows": {"*:udp": 5}}, "flows.*:udp: 5 is not a mapping of values such as {egress: {loss: 5%}}"),
        ({"flows": {"*:udp": None}}, "flows.*:udp: no such flow; existing flows: none"),
        (
            {"flows": {"*:udp": {"egress": {"loss": "x"}}}},
            "flows.*:udp.egress.loss: 'x' is not a share such as 5% or 0.5%",
        ),
        (
            {"flows": {"u": {"match": "*:quic"}}},
            "flows.u.match: 'quic' is not a protocol: icmp, tcp, udp, icmpv6, sctp, stun, dtls, turn-channel, rtp, "
            "rtcp, a number up to 255, or *",
        ),
        (
            {"flows": {"*": {}, "*:udp": {}}},
            "flows.*:udp: never matches: the earlier flow '*' takes all its packets; put this one first (order), or "
            "clear that one (null in JSON, none in a scenario, else reset)",
        ),
        (
            {"flows": {"default": {"match": "*:udp"}}},
            "flows.default: is reserved for the link's own values; choose another name",
        ),
    ],
)
def test_refuses_with_place_and_reason(change: object, line: str) -> None:
    """An error says where, what is wrong and what is allowed, in one line."""
    with pytest.raises(ConditionsError, match=exactly(line)):
        Conditions().changed(change)


def test_reads_back_a_flow_that_another_hides() -> None:
    """`/qos` allows shadowed flows, so existing ones are accepted; only a change that creates one fails."""
    written = {"flows": {"*": {}, "*:udp": {"egress": {"loss": "5%"}}}}
    conditions = Conditions.from_dict(written)
    assert conditions.to_dict() == written
    assert conditions.changed({"egress": {"loss": "1%"}}).flows == conditions.flows


def test_unknown_condition_names_the_nearest() -> None:
    """A misspelt name is an error that suggests the nearest one."""
    with pytest.raises(
        ConditionsError, match=r"^egress\.latancy: no such condition; did you mean latency\?; allowed: "
    ):
        Conditions().changed({"egress": {"latancy": "5ms"}})


@pytest.mark.issue(15)
def test_words_of_netem_are_translated_elsewhere() -> None:
    """A client knows only the values that they mean, and says so."""
    with pytest.raises(ConditionsError, match=r"^egress\.netem: is not translated here; give the values that it means"):
        Conditions().changed({"egress": {"netem": "loss 1%"}})


def test_at_most_a_thousand_flows() -> None:
    """More flows than the limit are an error, and none is added."""
    with pytest.raises(ConditionsError, match=exactly("flows: 1001 flows; at most 1000 are allowed")):
        Conditions.from_dict({"flows": {f"*:udp:{port}": {} for port in range(1001)}})


def names(conditions: Conditions) -> list[str]:
    return [flow.name for flow in conditions.flows]


def test_named_flows_come_first() -> None:
    """`order` puts the flows that it names first, in its order; the others keep theirs. It is no value itself."""
    start = Conditions.from_dict({"flows": {"*:tcp": {"egress": {"loss": "1%"}}, "*:udp": {}, "*:icmp": {}}})
    changed = start.changed({"order": ["*:icmp", "*:udp"]})
    assert names(changed) == ["*:icmp", "*:udp", "*:tcp"]
    assert changed.to_dict() == start.to_dict()
    assert list(changed.to_dict()["flows"]) == names(changed)
    assert names(start.changed({"order": []})) == names(start)


def test_the_order_applies_after_the_flows_of_its_change() -> None:
    """A change may put a flow first that it creates, but none that it removes; a replacement may also have an order."""
    start = Conditions.from_dict({"flows": {"*:udp": {}}})
    change = {"flows": {"*:rtp": {}}, "order": ["*:rtp"]}
    assert names(start.changed(change)) == ["*:rtp", "*:udp"]
    with pytest.raises(ConditionsError, match=exactly("order: no such flow '*:udp'; existing flows: none")):
        start.changed({"flows": {"*:udp": None}, "order": ["*:udp"]})
    assert names(Conditions.from_dict({"flows": {"*:udp": {}, "*:rtp": {}}, "order": ["*:rtp"]})) == ["*:rtp", "*:udp"]


@pytest.mark.parametrize("order", [["*:udp"], ["*:udp", "*:rtp"]])
def test_no_order_hides_a_flow(order: list[str]) -> None:
    """A flow that would no longer match a packet is an error, whether the order names it or not."""
    start = Conditions.from_dict({"flows": {"*:rtp": {}, "*:udp": {}}})
    with pytest.raises(
        ConditionsError, match=r"^flows\.\*:rtp: never matches: the earlier flow '\*:udp' takes all its"
    ):
        start.changed({"order": order})


@given(
    present=st.permutations(["*:udp", "*:tcp", "10.9.0.2", "*:icmp", "*:sctp"]),
    order=st.lists(st.sampled_from(["*:udp", "*:tcp", "10.9.0.2", "*:icmp", "*:sctp"]), unique=True),
)
def test_an_order_keeps_all_flows(present: list[str], order: list[str]) -> None:
    """Whatever the order, each flow is there once with its values, and those it does not name keep theirs."""
    start = Conditions.from_dict({"flows": {name: {"egress": {"latency": f"{len(name)}ms"}} for name in present}})
    changed = start.changed({"order": order})
    assert sorted(changed.flows, key=str) == sorted(start.flows, key=str)
    assert names(changed) == [*order, *(name for name in present if name not in order)]


def test_what_is_muted_is_kept_but_not_in_force() -> None:
    """A muted flow keeps its values and its place; a muted link keeps its values, and its flows stay in force."""
    start = Conditions.from_dict(
        {"egress": {"loss": "5%"}, "flows": {"*:udp": {"egress": {"loss": "9%"}}, "*:tcp": {}}, "seed": 3}
    )
    assert start.in_force() is start
    flow = start.changed({"flows": {"*:udp": {"muted": True}}})
    assert flow.to_dict() == {
        "egress": {"loss": "5%"},
        "flows": {"*:udp": {"egress": {"loss": "9%"}, "muted": True}, "*:tcp": {}},
        "seed": 3,
    }
    assert flow.in_force() == start.changed({"flows": {"*:udp": None}})
    link = start.changed({"muted": True})
    assert link.to_dict() == {**start.to_dict(), "muted": True}
    assert link.in_force() == start.changed({"egress": None})


@pytest.mark.parametrize("off", [False, None])
def test_muted_until_it_is_cleared(off: bool | None) -> None:
    """A change that does not name `muted` keeps it; false or null clears it, and is not written."""
    start = Conditions.from_dict({"egress": {"loss": "5%"}, "flows": {"*:udp": {}}})
    muted = start.changed({"muted": True, "flows": {"*:udp": {"muted": True}}})
    changed = muted.changed({"egress": {"loss": "6%"}, "flows": {"*:udp": {"egress": {"loss": "7%"}}}})
    assert changed.muted
    assert changed.flows[0].muted
    assert muted.changed({"muted": off, "flows": {"*:udp": {"muted": off}}}) == start


def test_a_muted_flow_hides_no_other() -> None:
    """A flow may follow a muted one that would take all its packets; unmuting that one is then an error."""
    start = Conditions().changed({"flows": {"*:udp": {"muted": True}, "*:rtp": {}}})
    with pytest.raises(
        ConditionsError, match=r"^flows\.\*:rtp: never matches: the earlier flow '\*:udp' takes all its"
    ):
        start.changed({"flows": {"*:udp": {"muted": False}}})
    assert names(start.changed({"flows": {"*:udp": {"muted": False}}, "order": ["*:rtp"]})) == ["*:rtp", "*:udp"]


def test_a_flow_names_some_values_and_takes_the_rest_from_the_link() -> None:
    """`over` prefers the flow's own values, including one that turns the link's impairment off."""
    link = LinkConditions.from_dict({"rate": "1mbit", "queue": "50p", "loss": "5%"})
    flow = LinkConditions.from_dict({"loss": "0%", "latency": "10ms"})
    assert flow.over(link).to_dict() == {"rate": "1mbit", "queue": "50p", "loss": "0%", "latency": "10ms"}
