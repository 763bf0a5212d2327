"""Labs and tasks of the lab API."""

from __future__ import annotations

import json
import threading
from collections.abc import Sequence
from pathlib import Path

import pytest

from synthlab.control.backend import Backend
from synthlab.engine.api import OnLine
from synthlab.interrupts import when_stopped
from synthlab.testing import FakeEngine, fake_backend

from ..scenario.files import STACK
from .served import Served, serving


class SlowEngine(FakeEngine):
    """An engine whose Compose works until it is stopped, like a program of ours in a thread that is stopped."""

    def __init__(self) -> None:
        super().__init__()
        self.composing = threading.Event()

    def compose_up(self, project: str, rendered: str, progress: OnLine) -> None:
        super().compose_up(project, rendered, progress)
        ended = threading.Event()
        with when_stopped(ended.set):
            self.composing.set()
            ended.wait(20)
        progress("Container x  Started")


def test_labs(served: Served) -> None:
    """Every lab has its state and the number of its participants."""
    listed = served.ask("GET", "/v1/labs")
    assert listed == {"labs": [{"name": "call", "state": "up", "participants": 4, "since": None}]}


def test_lab(served: Served) -> None:
    """A lab has its participants, with what can be done with each."""
    lab = served.ask("GET", "/v1/labs/call")
    assert [one["name"] for one in lab["participants"]] == ["client1", "client2", "bot-1", "bot-2"]
    assert lab["running"] is None
    assert lab["participants"][2] == {
        "name": "bot-1",
        "group": "bot",
        "role": "client",
        "app": "bot",
        "state": "running",
        "health": "healthy",
        "conditioned": True,
        "screen": False,
        "debugger": False,
        "page": "http://127.0.0.1:3002/",
    }


@pytest.mark.parametrize("path", ["", "/stats", "/events", "/logs", "/clients/client1"])
def test_no_such_lab(path: str, shared: Served) -> None:
    """It is named, with the nearest one."""
    assert shared.error("GET", f"/v1/labs/cal{path}", status=404) == "no lab 'cal' is up; did you mean call?"


def test_up_and_down(tmp_path: Path) -> None:
    """A stack is brought up by a task, and taken down by another one."""
    (tmp_path / "mine.yaml").write_text(STACK)
    backend, _ = fake_backend()
    with serving(tmp_path, backend) as served:
        task = served.ask("POST", "/v1/labs", {"stack": "mine.yaml", "name": "other"}, 202)["task"]
        done = served.wait_for(f"/v1/tasks/{task}", state="done")
        assert done["kind"], done["lab"] == ("up", "other")
        assert done["status"] == 0
        assert done["lines"][-1] == "healthy: 5/5"
        assert [one["name"] for one in served.ask("GET", "/v1/labs")["labs"]] == ["other"]
        task = served.ask("DELETE", "/v1/labs/other", status=202)["task"]
        assert served.wait_for(f"/v1/tasks/{task}", state="done")["lines"][-1] == "5 containers removed"
        assert served.ask("GET", "/v1/labs") == {"labs": []}


@pytest.mark.parametrize("keep", [False, True])
def test_what_was_brought_up_ends_with_the_server(keep: bool, tmp_path: Path) -> None:
    """Unless it is to be kept."""
    (tmp_path / "mine.yaml").write_text(STACK)
    backend, _ = fake_backend()
    with serving(tmp_path, backend) as served:
        task = served.ask("POST", "/v1/labs", {"stack": "mine.yaml", "keep": keep}, 202)["task"]
        served.wait_for(f"/v1/tasks/{task}", state="done")
    assert backend.engine.labs() == (["mine"] if keep else [])


def test_a_cancelled_up_leaves_nothing(tmp_path: Path) -> None:
    """Its program is stopped, what was created is removed, and the name is free again."""
    (tmp_path / "mine.yaml").write_text(STACK)
    engine = SlowEngine()
    with serving(tmp_path, Backend(engine)) as served:
        task = served.ask("POST", "/v1/labs", {"stack": "mine.yaml"}, 202)["task"]
        assert engine.composing.wait(5)
        assert [one["name"] for one in served.ask("GET", "/v1/labs")["labs"]] == ["mine"]
        assert "task" in served.error("POST", "/v1/labs", {"stack": "mine.yaml"}, 409)
        served.ask("DELETE", f"/v1/tasks/{task}")
        ended = served.wait_for(f"/v1/tasks/{task}", state="failed")
        assert (ended["error"], ended["status"]) == ("cancelled", 3)
        assert (engine.labs(), engine.locks()) == ([], {})


def test_the_end_cancels(tmp_path: Path) -> None:
    """A server that ends in the middle of an `up` leaves nothing."""
    (tmp_path / "mine.yaml").write_text(STACK)
    engine = SlowEngine()
    with serving(tmp_path, Backend(engine)) as served:
        served.ask("POST", "/v1/labs", {"stack": "mine.yaml"}, 202)
        assert engine.composing.wait(5)
    assert (engine.labs(), engine.locks()) == ([], {})


def test_a_failed_up(served: Served) -> None:
    """Its error is that of the command: here, the lab is up already."""
    task = served.ask("POST", "/v1/labs", {"stack": "call.yaml"}, 202)["task"]
    ended = served.wait_for(f"/v1/tasks/{task}", state="failed")
    assert ended["error"].startswith("the lab 'call' is up")
    assert ended["status"] == 3
    assert served.engine.labs() == ["call"]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({}, "the body: has no stack: a stack file below the server's folder, or a bundled name"),
        ({"stack": 3}, "stack: 3 is not a string such as 'call.yaml'"),
        ({"stack": "call.yaml", "tll": "1h"}, "tll: no such key; did you mean ttl?; allowed: stack, name, ttl, "),
        ({"stack": "cal.yaml"}, "cal.yaml: no such stack file; did you mean call.yaml?"),
        ({"stack": "call.yaml", "ttl": "soon"}, "ttl: 'soon' is not a time such as"),
        ({"stack": "call.yaml", "name": "A B"}, "name: "),
        ([], "the body: [] is not an object"),
    ],
)
def test_mistakes(body: object, expected: str, shared: Served) -> None:
    """Each says where, what, and what is allowed; nothing is started."""
    assert shared.error("POST", "/v1/labs", body).startswith(expected)
    assert shared.engine.calls == []


def test_unknown_tasks(served: Served) -> None:
    assert served.error("GET", "/v1/tasks/7", status=404) == "no task '7'; the last 100 are kept"


class EngineWithVolumes(FakeEngine):
    """An engine on which each `up` of a Compose project makes a volume."""

    def __init__(self) -> None:
        super().__init__()
        self.volumes = {"synthlab-own_old", "another_site"}

    def compose_config(
        self, options: object, environment: object, substitute: bool = True
    ) -> tuple[str, Sequence[str]]:
        services = {"web": {"image": "x", "networks": {"default": None}}}
        return json.dumps({"name": "own", "services": services}), []

    def compose_up(self, project: str, rendered: str, progress: OnLine) -> None:
        super().compose_up(project, rendered, progress)
        self.volumes.add("synthlab-own_new")


@pytest.mark.issue(13)
@pytest.mark.parametrize(
    ("of_up", "of_down", "left"),
    [
        ({}, {}, {"synthlab-own_old", "synthlab-own_new"}),
        ({}, {"volumes": True}, set()),
        ({"discard": True}, {}, {"synthlab-own_old"}),
        ({"discard": True}, {"volumes": True}, set()),
    ],
)
def test_volumes(of_up: dict[str, bool], of_down: dict[str, bool], left: set[str], tmp_path: Path) -> None:
    """Named volumes remain unless asked; with `discard` those that the lab made go with it; others' always remain."""
    (tmp_path / "compose.yaml").write_text("services: {}\n")
    (tmp_path / "own.yaml").write_text("compose: compose.yaml\nclients:\n  web: {service: web, network: {}}\n")
    engine = EngineWithVolumes()
    with serving(tmp_path, Backend(engine)) as served:
        task = served.ask("POST", "/v1/labs", {"stack": "own.yaml", "allow_host": True, **of_up}, 202)["task"]
        served.wait_for(f"/v1/tasks/{task}", state="done")
        listed = served.ask("GET", "/v1/labs/own/volumes")
        assert listed == {"volumes": ["synthlab-own_new", "synthlab-own_old"]}
        task = served.ask("DELETE", "/v1/labs/own", of_down, 202)["task"]
        served.wait_for(f"/v1/tasks/{task}", state="done")
        assert engine.volumes == {"another_site", *left}


@pytest.mark.issue(13)
@pytest.mark.parametrize("discard", [False, True])
def test_volumes_at_the_end(discard: bool, tmp_path: Path) -> None:
    """A lab that goes with the server leaves the same volumes as one that is taken down."""
    (tmp_path / "compose.yaml").write_text("services: {}\n")
    (tmp_path / "own.yaml").write_text("compose: compose.yaml\nclients:\n  web: {service: web, network: {}}\n")
    engine = EngineWithVolumes()
    with serving(tmp_path, Backend(engine)) as served:
        task = served.ask("POST", "/v1/labs", {"stack": "own.yaml", "allow_host": True, "discard": discard}, 202)[
            "task"
        ]
        served.wait_for(f"/v1/tasks/{task}", state="done")
    assert ("synthlab-own_new" in engine.volumes) == (not discard)
    assert "synthlab-own_old" in engine.volumes


@pytest.mark.issue(14)
def test_where_a_lab_runs(tmp_path: Path) -> None:
    """On a swarm if the request says so; this engine manages none, so its task fails with that."""
    (tmp_path / "mine.yaml").write_text("clients: {one: {image: syntheticnet}}\n")
    with serving(tmp_path, Backend(FakeEngine())) as served:
        task = served.ask("POST", "/v1/labs", {"stack": "mine.yaml", "engine": "swarm"}, 202)["task"]
        ended = served.wait_for(f"/v1/tasks/{task}", state="failed")
        assert "this engine manages no swarm" in ended["error"]
        error = served.ask("POST", "/v1/labs", {"stack": "mine.yaml", "registry": "10.0.0.1:5000"}, 422)["error"]
        assert error == "registry: requires engine swarm"
        assert "engine" in served.ask("POST", "/v1/labs", {"stack": "mine.yaml", "engine": "swam"}, 422)["error"]
