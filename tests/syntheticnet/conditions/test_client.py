"""Conditions of a client: partial changes, errors with their location, and round trips."""

from __future__ import annotations

from typing import Any

import pytest

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
    "flows": {
        "*:udp:1-1000": {"egress": {"loss": "2%"}},
        "media": {"match": "[2001:db8::1]:udp", "ingress": {"latency": "1s"}},
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
        ([], "[] is not a mapping with ingress, egress, flows or seed"),
        ({"egres": {}}, "egres: no such key; did you mean egress?; allowed: ingress, egress, flows, seed"),
        ({"egress": {"loss": "120%"}}, "egress.loss: '120%' is not between 0% and 100%"),
        ({"egress": {"loss": 0.05}}, "egress.loss: 0.05 is not a share such as 5% or 0.5%"),
        ({"ingress": 3}, "ingress: 3 is not a mapping of values such as {loss: 5%, latency: 80ms}"),
        ({"egress": {"queue": "1s"}}, "egress.queue: requires rate or rate_trace"),
        ({"egress": {"reordering": True}}, "egress.reordering: requires jitter"),
        ({"seed": -1}, "seed: -1 is not a whole number from 0 to 2^63-1"),
        ({"seed": True}, "seed: True is not a whole number from 0 to 2^63-1"),
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
            "flows.*:udp: never matches: the earlier flow '*' takes all its packets; clear that one (null in JSON, "
            "none in a scenario, else reset) and set this one first",
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


def test_at_most_a_thousand_flows() -> None:
    """More flows than the limit are an error, and none is added."""
    with pytest.raises(ConditionsError, match=exactly("flows: 1001 flows; at most 1000 are allowed")):
        Conditions.from_dict({"flows": {f"*:udp:{port}": {} for port in range(1001)}})


def test_a_flow_names_some_values_and_takes_the_rest_from_the_link() -> None:
    """`over` prefers the flow's own values, including one that turns the link's impairment off."""
    link = LinkConditions.from_dict({"rate": "1mbit", "queue": "50p", "loss": "5%"})
    flow = LinkConditions.from_dict({"loss": "0%", "latency": "10ms"})
    assert flow.over(link).to_dict() == {"rate": "1mbit", "queue": "50p", "loss": "0%", "latency": "10ms"}
