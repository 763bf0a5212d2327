"""A running lab: who is meant, and changes of several clients."""

from __future__ import annotations

import pytest

from synthlab.errors import SynthlabError, WrongUse
from synthlab.fakes import FakeClientApi, fake_world
from synthlab.lab import Lab, choose_lab

GROUPS = {"bot-1": "bot", "bot-2": "bot"}


@pytest.fixture
def lab_and_apis() -> tuple[Lab, dict[str, FakeClientApi]]:
    world, apis = fake_world("call", groups=GROUPS)
    return world.lab(None), {api.name: api for api in apis.values()}


@pytest.mark.parametrize(
    ("names", "found"),
    [
        ((), ["client1", "client2", "bot-1", "bot-2"]),
        (("client2",), ["client2"]),
        (("bot",), ["bot-1", "bot-2"]),
        (("bot-2", "bot", "client1"), ["bot-2", "bot-1", "client1"]),
    ],
)
def test_names(names: tuple[str, ...], found: list[str], lab_and_apis: tuple[Lab, dict[str, FakeClientApi]]) -> None:
    """A name means a client, a group means its clients, nothing means all; nobody is meant twice."""
    assert [client.name for client in lab_and_apis[0].find(names)] == found


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("cleint2", "no client 'cleint2' in lab 'call'; did you mean client2?"),
        ("x", "no client 'x' in lab 'call'; there are: client1, client2, bot-1, bot-2"),
    ],
)
def test_unknown_names(name: str, told: str, lab_and_apis: tuple[Lab, dict[str, FakeClientApi]]) -> None:
    """An unknown name is told with the nearest, or with all."""
    with pytest.raises(WrongUse) as caught:
        lab_and_apis[0].find([name])
    assert caught.value.message == told


def test_change_of_all(lab_and_apis: tuple[Lab, dict[str, FakeClientApi]]) -> None:
    """A change of several clients is put into each of them, and what is now in force comes back in their order."""
    lab, _ = lab_and_apis
    states = lab.change(lab.find(["client2", "bot"]), {"egress": {"loss": "5%"}})
    assert list(states) == ["client2", "bot-1", "bot-2"]
    assert {str(state.conditions.to_dict()) for state in states.values()} == {"{'egress': {'loss': '5%'}}"}


def test_refused_by_one_is_done_to_none(lab_and_apis: tuple[Lab, dict[str, FakeClientApi]]) -> None:
    """When one client cannot take the change, the others do not get it either."""
    lab, apis = lab_and_apis
    apis["client1"].change({"egress": {"rate": "1mbit"}})
    with pytest.raises(WrongUse, match=r"^client2: egress\.queue: has no effect without a rate"):
        lab.change(lab.find(["client1", "client2"]), {"egress": {"queue": "10p"}})
    assert apis["client1"].conditions.to_dict() == {"egress": {"rate": "1mbit"}}


@pytest.mark.parametrize("broken", ["client1", "client2"])
def test_failed_halfway_is_taken_back(broken: str, lab_and_apis: tuple[Lab, dict[str, FakeClientApi]]) -> None:
    """When one client fails while the change is made, the others get back what they had."""
    lab, apis = lab_and_apis
    for name in ("client1", "client2"):
        apis[name].change({"ingress": {"latency": "10ms"}})
    apis[broken].broken = True
    with pytest.raises(SynthlabError, match=f"{broken}: its API does not answer"):
        lab.change(lab.find(["client1", "client2"]), {"egress": {"loss": "5%"}})
    assert {str(apis[name].conditions.to_dict()) for name in ("client1", "client2")} == {
        "{'ingress': {'latency': '10ms'}}"
    }


def test_reset() -> None:
    """Reset gives the conditions of the start; a perfect network has none."""
    world, apis = fake_world("call")
    apis["call/client1"] = FakeClientApi("client1", {"egress": {"loss": "1%"}})
    lab = world.lab("call")
    lab.change(lab.find(), {"egress": {"loss": "9%"}})
    assert [state.conditions.to_dict() for state in lab.reset(lab.find()).values()] == [{"egress": {"loss": "1%"}}, {}]
    assert all(state.conditions.perfect for state in lab.reset(lab.find(), perfect=True).values())


@pytest.mark.parametrize(
    ("running", "wanted", "told"),
    [
        ([], None, "no lab is up: bring one up with `synthlab up call.yaml`"),
        (["b", "a"], None, "several labs are up: a, b; say which with --lab NAME or SYNTHLAB_LAB"),
        (["call"], "cal", "no lab 'cal' is up; did you mean call?"),
        (["call"], "x", "no lab 'x' is up; there are: call"),
        ([], "x", "no lab 'x' is up; there are: none"),
    ],
)
def test_unclear_lab(running: list[str], wanted: str | None, told: str) -> None:
    """When it is not clear which lab is meant, the error lists what there is."""
    with pytest.raises(WrongUse) as caught:
        choose_lab(running, wanted)
    assert caught.value.message == told


def test_clear_lab() -> None:
    """The only lab is meant without a word; with a name, that one."""
    assert choose_lab(["a", "a"], None) == "a"
    assert choose_lab(["a", "b"], "b") == "b"
