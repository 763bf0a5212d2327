"""Conditioned servers of a running lab, found by the label of their companions."""

from __future__ import annotations

from dataclasses import replace

import pytest

from synthlab.contract import ContainerAction
from synthlab.control.backend import Backend
from synthlab.control.container_lookup import captured_network_of, network_of
from synthlab.control.partition import heal_partition, plan_partition
from synthlab.control.running_lab import RunningLab
from synthlab.engine.containers import Container
from synthlab.errors import SynthlabError, WrongUse
from synthlab.testing import FakeClientApi, FakeEngine, fake_companion, fake_container

CLIENT = fake_container("call", "client1")
SFU = replace(fake_container("call", ""), id="call/sfu", role="sfu", group="", ports={})
TURN = replace(fake_container("call", "turn"), role="service", group="", ports={})
OF_SFU, OF_TURN = fake_companion("call", "sfu"), fake_companion("call", "turn")
MEMBERS = [OF_SFU, SFU, OF_TURN, TURN, CLIENT]
OLD = replace(OF_SFU, network_of="")
"""A companion as created by version 0.1.0."""


def lab() -> tuple[RunningLab, dict[str, FakeClientApi]]:
    """A lab with two conditioned servers, and its APIs by container name."""
    apis = {member.client: FakeClientApi(member.client) for member in MEMBERS if member.conditioned}
    backend = Backend(FakeEngine(MEMBERS), lambda container: apis[container.client])
    return RunningLab(backend, "call", MEMBERS), apis


@pytest.mark.issue(11)
def test_names() -> None:
    """A conditioned server has its usual name, and is not a caller."""
    running, _ = lab()
    assert [client.name for client in running.find()] == ["sfu", "turn", "client1"]
    assert [client.name for client in running.find(["turn"])] == ["turn"]
    assert [client.name for client in running.callers()] == ["client1"]


@pytest.mark.issue(11)
def test_states_and_changes() -> None:
    """Each server is read and changed through its companion, alone or together with others."""
    running, apis = lab()
    assert list(running.states()) == ["sfu", "turn", "client1"]
    running.change(running.find(["turn"]), {"egress": {"loss": "5%"}})
    assert apis["turn-network"].conditions.to_dict() == {"egress": {"loss": "5%"}}
    assert apis["sfu-network"].conditions.to_dict() == {}
    states = running.change(running.find(["sfu", "turn"]), {"egress": {"rate": "1mbit"}}).states
    assert {name: state.base.to_dict() for name, state in states.items()} == {
        "sfu": {"egress": {"rate": "1mbit"}},
        "turn": {"egress": {"rate": "1mbit", "loss": "5%"}},
    }
    running.reset()
    assert [api.conditions.to_dict() for api in apis.values()] == [{}, {}, {}]


@pytest.mark.issue(11)
def test_whose_network() -> None:
    """A server is in its companion's network; without a companion, in its own."""
    assert network_of("call", MEMBERS, "sfu") is OF_SFU
    assert network_of("call", MEMBERS, "turn") is OF_TURN
    assert network_of("call", MEMBERS, "client1") is CLIENT
    assert network_of("call", [SFU, OF_TURN, TURN], "sfu") is SFU
    with pytest.raises(WrongUse, match="no client 'srv' in lab 'call'"):
        network_of("call", MEMBERS, "srv")


def test_whose_packets() -> None:
    """A conditioned server's packets are captured in its companion; other servers cannot be captured."""
    assert captured_network_of("call", MEMBERS, "sfu") is OF_SFU
    assert captured_network_of("call", MEMBERS, "turn") is OF_TURN
    assert captured_network_of("call", MEMBERS, "client1") is CLIENT
    with pytest.raises(WrongUse, match=r"^sfu has no conditions and no counters in lab 'call': add `network"):
        captured_network_of("call", [SFU, CLIENT], "sfu")
    with pytest.raises(SynthlabError, match="client1 is not running"):
        captured_network_of("call", [replace(CLIENT, state="exited")], "client1")


@pytest.mark.issue(11)
def test_one_of_an_older_version() -> None:
    """A companion without the label is ignored, and removed by `down` with the other containers."""
    backend = Backend(FakeEngine([OLD, SFU, CLIENT]), lambda container: FakeClientApi(container.client))
    running = RunningLab.named(backend, "call")
    assert [client.name for client in running.find()] == ["client1"]
    assert backend.engine.remove_lab("call") == 3


@pytest.mark.issue(13)
def test_an_ended_companion_is_started_first() -> None:
    """A server cannot start without the container that holds its network; a running companion stays as it is."""
    ended = replace(OF_TURN, state="exited")
    engine = _Starting([OF_SFU, SFU, ended, TURN])
    running = RunningLab(Backend(engine, lambda container: FakeClientApi(container.client)), "call", engine.present)
    running.control(["turn"], "restart")
    running.control(["sfu"], "restart")
    assert engine.controlled == [("start", "turn-network"), ("restart", "turn"), ("restart", "sfu")]


class _Starting(FakeEngine):
    """An engine on which a started container runs."""

    def control(self, container: Container, action: ContainerAction) -> None:
        super().control(container, action)
        self.present = [replace(one, state="running") if one.id == container.id else one for one in self.present]


@pytest.mark.issue(13)
def test_several_networks() -> None:
    """Each network of a service is changed by itself or with the others, through an API of its own."""
    holder = replace(fake_companion("call", "web"), networks=("front", "back"), ports={65080: 2900, 65081: 2901})
    service = replace(fake_container("call", "web"), id="web", role="service", ports={})
    apis = {port: FakeClientApi("web") for port in (65080, 65081)}
    members = [holder, service, CLIENT]
    running = RunningLab(
        Backend(FakeEngine(members), lambda one: apis.get(one.api_port, FakeClientApi(one.client))), "call", members
    )
    assert [client.name for client in running.find()] == ["web@front", "web@back", "client1"]
    assert [client.name for client in running.find(["web"])] == ["web@front", "web@back"]
    running.change(running.find(["web@back"]), {"egress": {"loss": "5%"}})
    assert [api.conditions.to_dict() for api in apis.values()] == [{}, {"egress": {"loss": "5%"}}]
    clients, change = plan_partition(running, "web", "client1")
    assert [client.name for client in clients] == ["web@front", "web@back"]
    running.change(clients, change)
    assert all(api.conditions.to_dict()["flows"] for api in apis.values())
    heal_partition(running, "client1", "web")
    assert [api.conditions.to_dict() for api in apis.values()] == [{}, {"egress": {"loss": "5%"}}]
    with pytest.raises(WrongUse, match="'web' matches several: web@front, web@back; name one of them"):
        running.one("web")


@pytest.mark.issue(13)
def test_a_partition_from_a_service_that_compose_made_anew() -> None:
    """Its container is not the lab's, but its name still leads to it."""
    running, apis = lab()
    engine = running.backend.engine
    assert isinstance(engine, FakeEngine)
    for ends in (("client1", "db"), ("db", "client1")):
        with pytest.raises(WrongUse, match="no client 'db' in lab 'call'"):
            plan_partition(running, *ends)
    engine.remade = {"db"}
    clients, change = plan_partition(running, "db", "client1")
    running.change(clients, change)
    assert apis["client1"].conditions.to_dict()["flows"].keys() == {"db"}
    heal_partition(running, "client1", "db")
    assert apis["client1"].conditions.to_dict() == {}
