"""Conditions, leases and partitions through the lab API."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from .served import Served

CONDITIONS, LEASES, PARTITION = (f"/v1/labs/call/{name}" for name in ("conditions", "leases", "partition"))
LOSS = {"egress": {"loss": "5%"}}


def test_several_at_one_instant(served: Served) -> None:
    """Clients and groups change together, and their states are returned."""
    made = served.ask("PATCH", CONDITIONS, {"clients": ["client2", "bot"], "change": LOSS})
    assert list(made["clients"]) == ["client2", "bot-1", "bot-2"]
    assert {str(state["conditions"]) for state in made["clients"].values()} == {str(LOSS)}
    assert made["spread_ms"] < 100
    assert len({served.apis[name].options[-1].at_ns for name in made["clients"]}) == 1
    assert served.apis["client1"].options == []


def test_all_or_none(served: Served) -> None:
    """If one client refuses, none changes."""
    served.ask("PATCH", CONDITIONS, {"clients": ["client1"], "change": {"egress": {"rate": "1mbit"}}})
    body = {"clients": "all", "change": {"egress": {"queue": "10p"}}}
    assert served.error("PATCH", CONDITIONS, body).startswith("client2: egress.queue: requires rate")
    assert [str(api.conditions.to_dict()) for api in served.apis.values()][1:] == ["{}", "{}", "{}"]


def test_leases(served: Served) -> None:
    """A change with an end is a lease at each client, which can be renewed and reverted."""
    made = served.ask("PATCH", CONDITIONS, {"clients": ["client1", "client2"], "change": LOSS, "for": "10s"})
    assert list(made["leases"]) == ["client1", "client2"]
    assert served.ask("PUT", LEASES, {"leases": made["leases"], "for": "2s"}) == {}
    assert [lease_ns for _, lease_ns in served.apis["client1"].renewed] == [2_000_000_000]
    released = served.ask("DELETE", LEASES, {"leases": made["leases"]})
    assert [state["conditions"] for state in released["clients"].values()] == [{}, {}]
    assert served.ask("DELETE", LEASES, {"leases": made["leases"]})["clients"].keys() == made["leases"].keys()
    assert "no lease" in served.error("PUT", LEASES, {"leases": made["leases"], "for": "2s"})


def test_later(served: Served) -> None:
    """A change may begin later."""
    served.ask("PATCH", CONDITIONS, {"clients": ["client1"], "change": LOSS, "in": "5s"})
    assert served.apis["client1"].options[-1].after_ns == 5_000_000_000


def test_profiles_and_flows(served: Served) -> None:
    """A profile is the start, which the change overrides; both can be those of a flow."""
    body = {"clients": ["client1"], "profile": "wpt/3g", "change": {"egress": {"loss": "1%"}}, "flow": "*:udp"}
    made = served.ask("PATCH", CONDITIONS, body)["clients"]["client1"]["conditions"]
    assert made["flows"]["*:udp"]["egress"]["loss"] == "1%"
    assert made["flows"]["*:udp"]["ingress"]["rate"] == "1.6mbit"
    assert "egress" not in made


@pytest.mark.issue(15)
def test_netem(served: Served) -> None:
    """What tc's words mean is set, below the values beside them, and the answer says it, with the change as made."""
    text = "delay 100ms 20ms loss 1% 25%"
    change = {"egress": {"netem": text, "loss": "2%"}, "flows": {"*:udp": {"ingress": {"netem": "loss 3%"}}}}
    made = served.ask("PATCH", CONDITIONS, {"clients": ["client1"], "change": change})
    conditions = made["clients"]["client1"]["conditions"]
    assert conditions["egress"] | {"latency": "100ms", "jitter": "20ms", "loss": "2%"} == conditions["egress"]
    assert conditions["flows"]["*:udp"]["ingress"] == {"loss": "3%"}
    assert list(made["netem"]) == ["egress.netem", "flows.*:udp.ingress.netem"]
    meant = made["netem"]["egress.netem"]
    assert (meant["text"], meant["values"]["loss"]) == (text, "1%")
    assert "rate" not in made["change"]["egress"]
    assert made["change"]["egress"]["loss"] == "2%"
    assert made["change"]["flows"]["*:udp"]["ingress"]["loss_burst"] is None
    flow = {"clients": ["client2"], "change": {"egress": {"netem": "loss 4%"}}, "flow": "*:tcp"}
    made = served.ask("PATCH", CONDITIONS, flow)["clients"]["client2"]["conditions"]
    assert made == {"flows": {"*:tcp": {"egress": {"loss": "4%"}}}}


@pytest.mark.issue(15)
def test_meaning_of_netem(shared: Served) -> None:
    """A text can be translated without a change; a mistake names the option."""
    meant = shared.http.get("/v1/netem", params={"text": "rate 1mbps loss 1%"}).json()
    assert meant["values"] == {"rate": "8mbit", "loss": "1%"}
    assert "loss_gemodel" in meant["cleared"]
    assert "1mbps is in bytes per second in tc: 8mbit" in meant["notes"]
    wrong = shared.http.get("/v1/netem", params={"text": "dely 1ms"})
    assert (wrong.status_code, wrong.json()["error"].split(";")[0]) == (422, "'dely' is not an option")
    assert shared.error("GET", "/v1/netem").startswith("the query: has no text: ")


@pytest.mark.issue(15)
def test_states(served: Served) -> None:
    """States are set and left for another, together, and null ends the walk."""
    states = {"good": {"mean": "20s"}, "gone": {"mean": "5s", "egress": {"outage": True}}}
    body = {"clients": ["client1", "client2"], "change": {"states": states}}
    made = served.ask("PATCH", CONDITIONS, body)["clients"]
    assert [state["conditions"]["state"] for state in made.values()] == ["good", "good"]
    made = served.ask("PATCH", CONDITIONS, body | {"change": {"state": "gone"}})["clients"]
    assert [state["conditions"]["state"] for state in made.values()] == ["gone", "gone"]
    made = served.ask("PATCH", CONDITIONS, body | {"change": {"states": None}})["clients"]
    assert [state["conditions"] for state in made.values()] == [{}, {}]


def test_reset(served: Served) -> None:
    """Of the named ones, or of all."""
    served.ask("PATCH", CONDITIONS, {"clients": "all", "change": LOSS})
    served.ask("DELETE", CONDITIONS, {"clients": ["bot"]})
    assert [bool(api.conditions.to_dict()) for api in served.apis.values()] == [True, True, False, False]
    served.ask("DELETE", CONDITIONS)
    assert not any(api.conditions.to_dict() for api in served.apis.values())


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"clients": ["cleint1"], "change": LOSS}, "no client 'cleint1' in lab 'call'; did you mean client1?"),
        ({"clients": [], "change": LOSS}, "clients: [] is not a list or a string"),
        ({"clients": "al", "change": LOSS}, "clients: 'al' is not a list or a string"),
        ({"clients": "all"}, "nothing to change: give a change such as"),
        ({"clients": "all", "change": {"egress": {"los": "5%"}}}, "client1: egress.los: "),
        ({"clients": "all", "change": LOSS, "for": "ever"}, "for: 'ever' is not a time such as"),
        (
            {"clients": "all", "change": {"egress": {"netem": "dely 1ms"}}},
            "netem: 'dely' is not an option; did you mean",
        ),
        ({"clients": "all", "change": {"egress": {"netem": 5}}}, "netem: 5 is not a text such as delay 100ms"),
        ({"clients": "all", "profile": "wpt/9g"}, "no such profile 'wpt/9g'"),
        ({"clients": "all", "change": {"egress": {"rate_trace": "none.mahi"}}}, "client1: "),
    ],
)
def test_mistakes(body: Any, expected: str, shared: Served) -> None:
    assert shared.error("PATCH", CONDITIONS, body).startswith(expected)
    assert all(api.options == [] for api in shared.apis.values())


def test_two_writers(served: Served) -> None:
    """Two changes of the same clients at once: both are made, one after the other, everywhere in the same order."""

    def write(loss: str) -> None:
        for _ in range(5):
            served.ask("PATCH", CONDITIONS, {"clients": "all", "change": {"egress": {"loss": loss}}})

    writers = [threading.Thread(target=write, args=(loss,)) for loss in ("1%", "2%")]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    orders = {str(api.requests) for api in served.apis.values()}
    assert len(orders) == 1
    assert len(served.apis["client1"].requests) == 10


def test_partition(served: Served) -> None:
    """It stops what passes between two clients, in both directions or one, until it is healed."""
    made = served.ask("POST", PARTITION, {"a": "client1", "b": "bot-1", "direction": "a-to-b", "answer": "reject"})
    assert made["clients"]["client1"]["conditions"]["flows"]["bot-1"]["egress"] == {"reject": "reset"}
    healed = served.ask("DELETE", PARTITION, {"a": "client1", "b": "bot-1"})
    assert healed["clients"]["client1"]["conditions"] == {}
    made = served.ask("POST", PARTITION, {"a": "client1", "b": "client2", "for": "3s"})
    assert list(made["leases"]) == ["client1"]
    assert served.error("POST", PARTITION, {"a": "client1", "b": "client1"}).startswith("partition: 'client1' is both")
