"""The change that a `set` in code requests, and the change that undoes it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from syntheticnet.conditions import Conditions
from synthlab.control.change import read_change
from synthlab.errors import WrongUse
from synthlab.stack.partial_change import merged, undoing
from synthlab.stack.profiles import find_profile


@pytest.mark.parametrize(
    ("given", "change"),
    [
        ({"values": {"loss": "5%"}}, {"ingress": {"loss": "5%"}, "egress": {"loss": "5%"}}),
        ({"values": {}, "egress": {"rate": "1mbit"}}, {"egress": {"rate": "1mbit"}}),
        (
            {"values": {"loss": "5%"}, "egress": {"rate": "1mbit", "loss": None}},
            {"ingress": {"loss": "5%"}, "egress": {"loss": None, "rate": "1mbit"}},
        ),
        (
            {"values": {"latency": "80ms"}, "flow": "*:udp"},
            {"flows": {"*:udp": {"ingress": {"latency": "80ms"}, "egress": {"latency": "80ms"}}}},
        ),
        ({"values": {}, "flows": {"*:udp": None}, "seed": 7}, {"flows": {"*:udp": None}, "seed": 7}),
        ({"values": {}, "muted": True, "order": ("*:udp",)}, {"muted": True, "order": ["*:udp"]}),
        ({"values": {}, "dns": {"a.example": {"delay": "3s"}}}, {"dns": {"a.example": {"delay": "3s"}}}),
        ({"values": {}, "dns": {}}, {"dns": None}),
        (
            {"values": {}, "flow": "*:udp", "muted": False, "flows": {"*:tcp": {"muted": True}}},
            {"flows": {"*:udp": {"muted": False}, "*:tcp": {"muted": True}}},
        ),
    ],
)
def test_changes(given: dict[str, Any], change: dict[str, Any]) -> None:
    """Values apply to both directions, of a flow if given; a direction's own values override them."""
    assert read_change(**given) == (change, {})


def test_profile() -> None:
    """A profile sets all values; the other arguments override it."""
    change, _ = read_change({}, egress={"rate": "50kbit"}, profile="wpt/3g")
    known = find_profile("wpt/3g").conditions.to_dict()
    assert Conditions().changed(change).to_dict() == {**known, "egress": {**known["egress"], "rate": "50kbit"}}
    assert change["ingress"]["loss"] is None


def test_local_files(tmp_path: Path) -> None:
    """The path of a trace is replaced by its name, and its text is returned."""
    trace = tmp_path / "lte.up"
    trace.write_text("1\n5\n10\n")
    change, files = read_change({}, flows={"*:udp": {"egress": {"rate_trace": str(trace)}}})
    assert change == {"flows": {"*:udp": {"egress": {"rate_trace": "lte.up"}}}}
    assert files == {"lte.up": "1\n5\n10\n"}


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"values": {}}, "nothing to set: give a value such as loss='5%', or a profile"),
        ({"values": {}, "profile": "wpt/3"}, "no such profile 'wpt/3'; did you mean wpt/3g?"),
        ({"values": {}, "egress": {"rate_trace": "no/such"}}, "no/such: No such file or directory"),
    ],
)
def test_mistakes(given: dict[str, Any], expected: str) -> None:
    """Invalid arguments fail before any client is contacted."""
    with pytest.raises(WrongUse) as caught:
        read_change(**given)
    assert caught.value.message.startswith(expected)


@pytest.mark.parametrize(
    "change",
    [
        {"egress": {"loss": "9%", "rate": "1mbit"}},
        {"egress": {"loss": None}, "ingress": {"latency": "10ms"}},
        {"ingress": None, "egress": None},
        {"flows": {"*:udp": {"egress": {"latency": "80ms"}}}},
        {"flows": {"*:tcp": {"egress": {"loss": "50%"}, "ingress": {"loss": "1%"}}}},
        {"flows": {"*:tcp": None}},
        {"flows": None},
        {"seed": 5},
        {"muted": True},
        {"muted": True, "flows": {"*:tcp": {"muted": True}, "*:udp": {"muted": True}}},
        {"flows": {"*:icmp": None}},
        {"order": ["*:icmp", "*:tcp"]},
        {"flows": {"*:udp": {}, "*:tcp": None}, "order": ["*:udp"]},
        {"dns": {"a.example": {"answer": "nxdomain"}, "b.example": {"delay": "3s"}, "*": None}},
        {"dns": {"a.example": {"delay": None, "answer": "timeout"}}},
        {"dns": None, "egress": {"loss": "5%"}},
    ],
)
def test_undoing(change: dict[str, Any]) -> None:
    """Undoing a change restores the values it set, and the order of flows."""
    before = Conditions.from_dict(
        {
            "egress": {"loss": "1%"},
            "flows": {"*:tcp": {"match": "*:tcp", "egress": {"loss": "2%"}}, "*:icmp": {"muted": True}, "*:sctp": {}},
            "dns": {"a.example": {"delay": "1s"}, "*": {"answer": "servfail"}},
            "seed": 3,
        }
    )
    changed = before.changed(change)
    assert changed != before
    assert changed.changed(undoing(change, before.to_dict())) == before


@pytest.mark.issue(15)
@pytest.mark.parametrize(
    "change",
    [
        {"states": None},
        {"states": {"a": {"mean": "1s"}, "b": {"mean": "2s"}}},
        {"state": "bad"},
        {"egress": {"loss": "1%"}},
        {"egress": {"latency": "1ms"}},
        {"flows": {"*:udp": {"ingress": {"rate": "1mbit"}}}},
    ],
)
def test_undoing_with_states(change: dict[str, Any]) -> None:
    """States come back whole, with the values that a change took out of them."""
    bad = {"mean": "1s", "egress": {"loss": "9%"}, "flows": {"*:udp": {"ingress": {"rate": "9mbit"}}}}
    before = Conditions.from_dict({"flows": {"*:udp": {}}, "states": {"good": {"mean": "2s"}, "bad": bad}})
    changed = before.changed(change)
    assert changed != before
    back = undoing(change, before.to_dict())
    assert changed.changed(back) == before
    assert ("states" in back) == (changed.states != before.states)


@pytest.mark.issue(15)
def test_undoing_the_first_states() -> None:
    """There is no state to go back to."""
    change = {"states": {"a": {"mean": "1s"}, "b": {"mean": "2s"}}, "state": "b"}
    changed = Conditions().changed(change)
    assert changed.changed(undoing(change, {})) == Conditions()


def test_a_nat_is_undone_as_a_whole() -> None:
    """It goes back to what it was, or to none, whatever of it was changed; and it is merged as a whole."""
    full = {"kind": "full-cone", "hairpin": True}
    assert undoing({"nat": full}, {"nat": {"kind": "restricted", "port_preserving": False}}) == {
        "nat": {"kind": "restricted", "port_preserving": False}
    }
    assert undoing({"nat": full}, {}) == {"nat": None}
    assert merged({"nat": full}, {"nat": {"kind": "symmetric", "mapping_timeout": "30s"}}) == {
        "nat": {"kind": "symmetric", "mapping_timeout": "30s"}
    }
    change, _ = read_change({}, nat=full)
    assert change == {"nat": full}
    with pytest.raises(WrongUse, match="nat: 'symetric' is not one of"):
        read_change({}, nat="symetric")
