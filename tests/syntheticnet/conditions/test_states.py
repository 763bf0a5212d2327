"""States of conditions: their values over the others, what changes do to them, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from syntheticnet.conditions import Conditions, ConditionsError
from syntheticnet.conditions.files import Files, named_files
from syntheticnet.conditions.hosts import named_hosts

from ..builders import exactly

pytestmark = pytest.mark.issue(15)

STATES: dict[str, Any] = {
    "good": {"mean": "20s"},
    "congested": {"mean": "5s", "to": {"good": 3, "gone": 0.5}, "egress": {"rate": "300kbit", "queue": "1s"}},
    "gone": {"mean": "2s", "ingress": {"outage": True}, "egress": {"outage": True}},
}


def in_state(conditions: Conditions, name: str) -> dict[str, Any]:
    return conditions.in_state(name).to_dict()


def walking(**others: Any) -> Conditions:
    return Conditions().changed({"states": STATES, **others})


def test_round_trip() -> None:
    """What is written is read back; the walk begins in the first state unless `state` names another."""
    conditions = walking()
    assert conditions.to_dict() == {"states": STATES, "state": "good"}
    assert Conditions.from_dict(conditions.to_dict()) == conditions
    assert walking(state="gone").state == "gone"
    assert not conditions.perfect


def test_values_of_a_state_lie_over_the_others() -> None:
    """Also those of flows, and instead of values that they exclude; null clears one."""
    conditions = Conditions().changed(
        {
            "egress": {"rate_trace": "lte.up", "loss": "1%", "latency": "20ms"},
            "flows": {"call": {"match": "*:udp", "egress": {"loss": "2%"}}},
            "states": {
                "good": {"mean": "2s"},
                "bad": {
                    "mean": "1s",
                    "egress": {"rate": "1mbit", "latency": None},
                    "flows": {"call": {"egress": {"jitter": "5ms"}}, "*:tcp": {"ingress": {"loss": "9%"}}},
                },
            },
        }
    )
    assert conditions.in_force().to_dict() == in_state(conditions, "good")
    assert in_state(conditions, "bad") == {
        "egress": {"rate": "1mbit", "loss": "1%"},
        "flows": {
            "call": {"match": "*:udp", "egress": {"loss": "2%", "jitter": "5ms"}},
            "*:tcp": {"ingress": {"loss": "9%"}},
        },
    }
    assert named_files(conditions.to_dict()) == {"lte.up"}


def test_what_was_set_last_counts() -> None:
    """A change takes the values that it names, and those they exclude, out of every state; the walk goes on."""
    conditions = walking().changed({"egress": {"rate_trace": "lte.up"}, "ingress": {"outage": False}})
    assert conditions.to_dict()["states"] == {
        "good": {"mean": "20s"},
        "congested": {"mean": "5s", "to": {"good": 3, "gone": 0.5}, "egress": {"queue": "1s"}},
        "gone": {"mean": "2s", "egress": {"outage": True}},
    }
    assert walking().changed({"egress": None}).to_dict()["states"]["congested"].keys() == {"mean", "to"}


@pytest.mark.parametrize("change", [{"flows": None}, {"flows": {"*:udp": None}}])
def test_a_removed_flow_is_gone_in_every_state(change: dict[str, Any]) -> None:
    """Also if all flows are removed; a state cannot bring one back."""
    bad = {"mean": "1s", "flows": {"*:udp": {"egress": {"loss": "5%"}}}}
    conditions = Conditions().changed({"flows": {"*:udp": {}}, "states": {"good": {"mean": "2s"}, "bad": bad}})
    assert in_state(conditions.changed(change), "bad") == {}


def test_states_end() -> None:
    """Null clears them; others replace all of them."""
    assert walking().changed({"states": None}) == Conditions()
    others = {"a": {"mean": "1s"}, "b": {"mean": "1min"}}
    assert walking().changed({"states": others}).to_dict() == {"states": others, "state": "a"}


def test_muting() -> None:
    """A muted link is perfect in every state."""
    assert walking(state="gone").changed({"muted": True}).in_force() == Conditions()


def test_files_and_hosts_of_states_count() -> None:
    """A file that only a state names must be there; a host that only a state names is looked up."""
    bad = {"mean": "1s", "egress": {"rate_trace": "lte.up"}, "flows": {"sfu:udp": {"egress": {"loss": "5%"}}}}
    change = {"states": {"good": {"mean": "2s"}, "bad": bad}}
    assert named_files(change) == {"lte.up"}
    assert named_hosts(change) == {"sfu": "sfu:udp"}
    with pytest.raises(ConditionsError, match=exactly("egress.rate_trace: lte.up: no such file; uploaded files: none")):
        Files().check(Conditions().changed(change))


GOOD = {"mean": "2s"}


@pytest.mark.parametrize(
    ("states", "line"),
    [
        ([], "states: [] is not a mapping of states such as {good: {mean: 20s}, bad: {mean: 5s, egress: {loss: 5%}}}"),
        (
            {"good": GOOD},
            "states: has 1 states; 2 to 16 are allowed, "
            "such as {good: {mean: 20s}, bad: {mean: 5s, egress: {loss: 5%}}}",
        ),
        ({"good": GOOD, "b d": GOOD}, "states: 'b d' is not a name: use at most 32 letters, digits, - and _"),
        ({"good": GOOD, "bad": {}}, "states.bad: has no mean: the mean time in this state, such as mean: 5s"),
        ({"good": GOOD, "bad": {"mean": "1ms"}}, "states.bad.mean: '1ms' is not between 100ms and 1h"),
        (
            {"good": GOOD, "bad": {"mean": 5}},
            "states.bad.mean: 5 is not a time such as 500ms, 10s, 5min or 1h",
        ),
        (
            {"good": GOOD, "bad": {"mean": "1s", "los": "5%"}},
            "states.bad.los: no such key; did you mean flows?; allowed: mean, to, ingress, egress, flows",
        ),
        (
            {"good": GOOD, "bad": {"mean": "1s", "to": {"goood": 1}}},
            "states.bad.to.goood: no such state; did you mean good?; allowed: good",
        ),
        (
            {"good": GOOD, "bad": {"mean": "1s", "to": {"bad": 1}}},
            "states.bad.to.bad: is this state itself; allowed: good",
        ),
        (
            {"good": GOOD, "bad": {"mean": "1s", "to": {"good": 0}}},
            "states.bad.to.good: 0 is not a number above 0 and up to 1000000",
        ),
        (
            {"good": {**GOOD, "to": {"bad": 1}}, "bad": {**GOOD, "to": {"good": 1}}, "gone": GOOD},
            "states.gone: is never reached from good; name it in the `to` of another state",
        ),
        (
            {"good": GOOD, "bad": {"mean": "1s", "egress": {"queue": "1s"}}},
            "states.bad.egress.queue: requires rate or rate_trace",
        ),
        (
            {"good": GOOD, "bad": {"mean": "1s", "flows": {"*:udp": {"egress": {"queue": "1s"}}}}},
            "states.bad.flows.*:udp.egress.queue: requires rate or rate_trace",
        ),
        (
            {"good": GOOD, "bad": {"mean": "1s", "egress": {"rate": "1mbit", "rate_trace": "lte.up"}}},
            "states.bad.egress.rate_trace: cannot be combined with rate; clear one of them",
        ),
        (
            {"good": GOOD, "bad": {"mean": "1s", "egress": {"loss": "120%"}}},
            "states.bad.egress.loss: '120%' is not between 0% and 100%",
        ),
        (
            {"good": GOOD, "bad": {"mean": "1s", "egress": None}},
            "states.bad.egress: a state clears values one by one, such as {loss: null}",
        ),
        (
            {"good": GOOD, "bad": {"mean": "1s", "flows": {"*:udp": None}}},
            "states.bad.flows.*:udp: a state cannot remove a flow; clear its values one by one",
        ),
        (
            {"good": GOOD, "bad": {"mean": "1s", "flows": {"*:udp": {"muted": True}}}},
            "states.bad.flows.*:udp.muted: a state cannot mute a flow; clear its values one by one",
        ),
    ],
)
def test_refuses_with_place_and_reason(states: object, line: str) -> None:
    """An error says where, what is wrong and what is allowed, in one line."""
    with pytest.raises(ConditionsError, match=exactly(line)):
        Conditions().changed({"states": states})


@pytest.mark.parametrize(
    ("change", "line"),
    [
        ({"state": "bad"}, "state: no such state 'bad'; existing states: good, congested, gone"),
        ({"state": "good", "states": None}, "state: no such state 'good'; existing states: none"),
        ({"state": None}, "state: None is not the name of a state such as good"),
    ],
)
def test_refuses_a_state_that_is_not_there(change: dict[str, Any], line: str) -> None:
    """The error lists those that are."""
    with pytest.raises(ConditionsError, match=exactly(line)):
        walking().changed(change)


def test_a_flow_of_a_state_that_an_earlier_one_hides_is_refused() -> None:
    """It would never match, as in any other change."""
    bad = {"mean": "1s", "flows": {"*:udp": {"egress": {"loss": "5%"}}}}
    change = {"flows": {"*": {"egress": {"loss": "1%"}}}, "states": {"good": GOOD, "bad": bad}}
    with pytest.raises(ConditionsError, match=r"^states\.bad\.flows\.\*:udp: never matches"):
        Conditions().changed(change)
