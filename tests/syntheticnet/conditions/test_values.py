"""LinkConditions: values that require or exclude others, and values a flow inherits from its link."""

from __future__ import annotations

import json
from typing import Any

import pytest

from syntheticnet.conditions import ConditionsError, LinkConditions, condition_fields

from ..builders import exactly, requested


def test_every_example_round_trips() -> None:
    """Each value, with what it requires, can be written as JSON and read back."""
    examples = {item.metadata["name"]: item.metadata["example"] for item in condition_fields()}
    for item in condition_fields():
        written = {item.metadata["name"]: item.metadata["example"]}
        while needs := item.metadata["needs"]:
            among = item.metadata["among"]
            written[needs[0]] = among[0] if among else examples[needs[0]]
            item = next(each for each in condition_fields() if each.metadata["name"] == needs[0])
        values = LinkConditions.from_dict(written)
        assert LinkConditions.from_dict(json.loads(json.dumps(values.to_dict()))) == values


def test_metadata_is_fit_for_json() -> None:
    """Each field has one line of help, for the API and the flags."""
    for item in condition_fields():
        shown = {key: item.metadata[key] for key in ("name", "help", "example", "needs", "among", "excludes")}
        assert json.loads(json.dumps(shown)) == shown | {key: list(shown[key]) for key in ("needs", "among")}
        assert "\n" not in shown["help"]


@pytest.mark.parametrize(
    ("written", "line"),
    [
        ({"queue": "1s"}, "queue: requires rate or rate_trace"),
        ({"aqm": "codel"}, "aqm: requires rate or rate_trace"),
        ({"rate": "1mbit", "ecn": True}, "ecn: requires aqm codel or fq_codel or pie"),
        ({"rate": "1mbit", "aqm": "droptail", "ecn": True}, "ecn: requires aqm codel or fq_codel or pie"),
        ({"rate": "1mbit", "aqm": "pie", "codel_target": "9ms"}, "codel_target: requires aqm codel or fq_codel"),
        ({"rate": "1mbit", "aqm": "codel", "fq_quantum": "300b"}, "fq_quantum: requires aqm fq_codel"),
        ({"rate": "1mbit", "aqm": "fq_codel", "pie_burst": "0ms"}, "pie_burst: requires aqm pie"),
        ({"fq_flows": 0}, "fq_flows: 0 is not a whole number from 1 to 65536"),
        ({"fq_flows": "2p"}, "fq_flows: '2p' is not a whole number such as 1024"),
        ({"fq_quantum": "63b"}, "fq_quantum: '63b' is not a whole number of bytes between 64b and 65535b"),
        ({"pie_update": "2s"}, "pie_update: '2s' is not between 1ms and 1s"),
        ({"aqm": "red"}, "aqm: 'red' is not one of droptail, codel, fq_codel, pie"),
        ({"loss_burst": "4p"}, "loss_burst: requires loss"),
        ({"rate_trace": "a", "burst": "64kb"}, "burst: requires rate"),
        ({"latency_limit": "10p"}, "latency_limit: requires latency or jitter"),
        ({"early": "25%"}, "early: requires latency or jitter"),
        ({"slot": "1ms", "slot_distribution": "pareto"}, "slot_distribution: requires slot_jitter"),
        (
            {"loss": "5%", "loss_burst": "4p", "loss_correlation": "25%"},
            "loss_correlation: cannot be combined with loss_burst; clear one of them",
        ),
        (
            {"jitter": "5ms", "jitter_correlation": "100%"},
            "jitter_correlation: '100%' is not below 100%: the first packet would decide for all",
        ),
        ({"slot_bytes": "1kb"}, "slot_bytes: requires slot"),
        ({"rate": "1mbit", "rate_trace": "a"}, "rate_trace: cannot be combined with rate; clear one of them"),
        (
            {"jitter": "1ms", "distribution": "normal", "jitter_table": "a"},
            "jitter_table: cannot be combined with distribution; clear one of them",
        ),
        (
            {"loss": "5%", "loss_burst": "4p", "loss_gemodel": "1%"},
            "loss_gemodel: cannot be combined with loss_burst; clear one of them",
        ),
        ({"loss": "90%", "loss_burst": "2p"}, "loss_burst: is too short for this loss; at least 9p"),
        ({"mtu": "67b"}, "mtu: '67b' is not a whole number of bytes between 68b and 65535b"),
        (
            {"reject": "tcp-reset"},
            "reject: 'tcp-reset' is not one of reset, port-unreachable, host-unreachable, admin-prohibited",
        ),
    ],
)
def test_refuses_what_cannot_be(written: dict[str, Any], line: str) -> None:
    """An error has the location, what is wrong and what is allowed."""
    with pytest.raises(ConditionsError, match=exactly(line)):
        LinkConditions().changed(written)


def test_the_shortest_bursts_that_can_be() -> None:
    """The shortest possible bursts have loss / (1 - loss) packets."""
    assert requested(loss="90%", loss_burst="9p")
    assert requested(loss="50%", loss_burst="1p")
    assert requested(loss="100%", loss_burst="1p")


def test_either_of_two_is_enough() -> None:
    """A queue goes with a rate or a trace, and a trace with an unlimited rate."""
    assert requested(rate_trace="a", queue="1s", aqm="codel", rate="unlimited").queue


@pytest.mark.issue(10)
def test_a_value_stays_until_it_is_cleared_by_name() -> None:
    """A value stays when the one it requires is cleared: it has no effect until that is set again."""
    full = requested(rate="1mbit", queue="1s", aqm="codel", ecn=True, loss="5%", loss_burst="4p")
    without = full.changed({"rate": None, "loss": None})
    assert without.to_dict() == {"queue": "1s", "aqm": "codel", "ecn": True, "loss_burst": "4p"}
    assert without.void() == {
        "queue": "rate or rate_trace",
        "aqm": "rate or rate_trace",
        "ecn": "aqm codel or fq_codel or pie",
        "loss_burst": "loss",
    }
    assert without.effective() == LinkConditions()
    assert LinkConditions.from_dict(without.to_dict()) == without
    assert without.changed({"rate": "1mbit", "loss": "5%"}) == full
    assert full.changed({"rate": None, "rate_trace": "a"}).void() == {}
    assert full.effective() is full


@pytest.mark.issue(10)
@pytest.mark.parametrize("item", [item for item in condition_fields() if item.metadata["needs"]])
def test_no_value_is_cleared_as_a_side_effect_of_another(item: Any) -> None:
    """A value whose required value is cleared stays, void, and applies again with the next one."""
    names = {each.metadata["name"]: each for each in condition_fields()}
    name, needed = item.metadata["name"], item.metadata["needs"][0]
    among = item.metadata["among"] or (names[needed].metadata["example"],)
    chain = {needed: among[0], name: item.metadata["example"]}
    while needs := names[next(iter(chain))].metadata["needs"]:
        chain = {needs[0]: names[needs[0]].metadata["example"]} | chain
    before = requested(**chain)
    after = before.changed({needed: None})
    assert getattr(after, item.name) == getattr(before, item.name)
    assert name in after.void()
    assert after.changed({needed: chain[needed]}) == before
    assert name not in after.changed({name: None}).to_dict()


@pytest.mark.parametrize(
    ("own", "base", "result"),
    [
        ({"rate": "1mbit"}, {"rate_trace": "a", "queue": "1s"}, {"rate": "1mbit", "queue": "1s"}),
        ({"rate": "unlimited"}, {"rate_trace": "a"}, {"rate": "unlimited"}),
        ({"rate_trace": "a"}, {"rate": "1mbit", "queue": "1s"}, {"rate_trace": "a", "queue": "1s"}),
        ({"loss_gemodel": "1%"}, {"loss": "5%", "loss_burst": "4p"}, {"loss": "5%", "loss_gemodel": "1% 99% 100% 0%"}),
        ({"latency": "1ms"}, {"rate_trace": "a"}, {"rate_trace": "a", "latency": "1ms"}),
        ({"loss": "90%"}, {"loss": "5%", "loss_burst": "2p"}, {"loss": "90%", "loss_burst": "2p"}),
    ],
)
def test_a_flows_values_take_the_place_of_what_they_exclude(
    own: dict[str, Any], base: dict[str, Any], result: dict[str, Any]
) -> None:
    """A flow's own values apply whatever its link has; that is never an error."""
    assert requested(**own).over(requested(**base)).to_dict() == result
