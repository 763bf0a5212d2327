"""Tasks of a swarm, as containers."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from synthlab.engine.containers import Container, of_labels
from synthlab.engine.labels import TUNNELS
from synthlab.engine.swarm_tasks import LACKING, SwarmNode, read_node, read_tasks, seconds

pytestmark = pytest.mark.issue(14)

DESK = SwarmNode(id="n1", name="desk", address="10.0.0.1", ready=True, labels={})
ATTIC = SwarmNode(id="n2", name="attic", address="10.0.0.2", ready=False, labels={})
LABELS = {"synthlab.lab": "call", "synthlab.role": "client", "synthlab.client": "client1", "synthlab.index": "1"}


def service(replicas: int = 1) -> dict[str, Any]:
    mode = {"Replicated": {"Replicas": replicas}}
    return {"ID": "s1", "Spec": {"Name": "synthlab-call_client1", "Labels": LABELS, "Mode": mode}}


def task(
    state: str = "running", node: str = "n1", created: str = "2026-11-29T10:00:00.1Z", **status: Any
) -> dict[str, Any]:
    return {
        "ID": "t1",
        "ServiceID": "s1",
        "NodeID": node,
        "CreatedAt": created,
        "Status": {"State": state, "ContainerStatus": {"ContainerID": "c1"}, **status},
        "NetworksAttachments": [{"Addresses": ["10.64.0.3/24"]}],
    }


def read(*tasks: dict[str, Any], replicas: int = 1) -> Container:
    (found,) = read_tasks([service(replicas)], tasks, [DESK, ATTIC])
    return found


def test_a_task_is_a_container() -> None:
    ports = {"Ports": [{"TargetPort": 65400, "PublishedPort": 32768}] * 2}
    found = read(task(PortStatus=ports))
    assert (found.id, found.name, found.lab, found.client, found.index) == (
        "c1",
        "synthlab-call_client1.1",
        "call",
        "client1",
        1,
    )
    assert (found.node, found.host, found.address, found.ports) == ("desk", "10.0.0.1", "10.64.0.3", {65400: 32768})
    assert found.ready
    assert found.status == "running on desk"


@pytest.mark.parametrize(
    ("made", "ready", "failed", "status"),
    [
        (task("starting"), False, False, "starting on desk"),
        (task("pending", node=""), False, False, "pending"),
        (task("rejected", Err="No such image: x"), False, True, f"rejected on desk: No such image: x; {LACKING}"),
        (task("failed", Err="task: non-zero exit (3)"), False, True, "failed on desk: task: non-zero exit (3)"),
        (task("running", node="n2"), False, True, "attic does not answer"),
    ],
)
def test_states(made: dict[str, Any], ready: bool, failed: bool, status: str) -> None:
    found = read(made)
    assert (found.ready, found.failed, found.status) == (ready, failed, status)


def test_the_ports_behind_the_one_that_is_published() -> None:
    found = replace(read(task()), ports={65400: 32768}, tunnels=of_labels({**LABELS, TUNNELS: "5901 9222"})["tunnels"])
    assert [port for port in (80, 5901, 9222, 65400) if found.opens(port)] == [5901, 9222, 65400]


def test_the_newest_task_counts() -> None:
    old = task("failed", created="2026-11-29T10:00:00.9Z")
    new = task("running", created="2026-11-29T10:00:05.10Z")
    assert read(new, old).state == read(old, new).state == "running"
    # The engine leaves out zeros at the end, so the texts do not sort like the times.
    new = task("running", created="2026-11-29T10:00:00.95Z")
    assert read(new, old).state == read(old, new).state == "running"


def test_a_task_that_is_started_again_and_again() -> None:
    """Its last end is what counts, also while the next one is on its way; and no longer once that runs."""
    ended = task("failed", created="2026-11-29T10:00:00Z", Err="task: non-zero exit (3)")
    found = read(ended, task("preparing", created="2026-11-29T10:00:01Z"))
    assert found.failed
    assert (found.state, found.status) == ("restarting", "failed on desk: task: non-zero exit (3)")
    assert read(ended, task("running", created="2026-11-29T10:00:01Z")).ready
    moved = task("shutdown", created="2026-11-29T10:00:00Z")
    assert not read(moved, task("preparing", created="2026-11-29T10:00:01Z")).failed


def test_a_client_whose_node_went_away() -> None:
    """While no other node fits, it stays dead there; once it starts elsewhere, that is what counts."""
    lost = task("running", node="n2", created="2026-11-29T10:00:00Z")
    waiting = task("pending", node="", created="2026-11-29T10:00:01Z", Err="no suitable node")
    found = read(lost, waiting)
    assert (found.node, found.state, found.failed) == ("attic", "dead", True)
    assert found.status == "attic does not answer; pending: no suitable node"
    assert read(lost, task("running", created="2026-11-29T10:00:01Z")).node == "desk"


def test_a_paused_container() -> None:
    """Its service is marked with the id of the container; the next container is not paused."""
    paused = service()
    paused["Spec"]["Labels"] = {**LABELS, "synthlab.paused": "c1"}
    (found,) = read_tasks([paused], [task()], [DESK])
    assert (found.state, found.health, found.status) == ("paused", "", "paused on desk")
    (found,) = read_tasks([paused], [task(ContainerStatus={"ContainerID": "c2"})], [DESK])
    assert found.ready


def test_a_service_without_a_task() -> None:
    assert (read().state, read(replicas=0).state) == ("created", "exited")


def test_nodes() -> None:
    listed = {
        "ID": "n1",
        "Description": {"Hostname": "desk"},
        "Status": {"State": "ready", "Addr": "10.0.0.1"},
        "Spec": {"Availability": "active", "Labels": {"zone": "a"}},
    }
    assert read_node(listed) == SwarmNode(id="n1", name="desk", address="10.0.0.1", ready=True, labels={"zone": "a"})
    for change in ({"Status": {"State": "down"}}, {"Spec": {"Availability": "drain"}}):
        assert not read_node(listed | change).ready


def test_times() -> None:
    assert seconds("1970-01-01T00:00:01.123456789Z") == pytest.approx(1.123456)
    assert seconds("1970-01-01T00:00:02Z") == 2
