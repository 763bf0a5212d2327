"""`stop`, `start`, `restart`, `pause` and `unpause`, run in this process on a lab without Docker."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import cast

import pytest

from synthlab.contract import ContainerAction
from synthlab.control.backend import Backend
from synthlab.control.client_api import ClientApi
from synthlab.engine.containers import Container
from synthlab.testing import FakeClock, FakeEngine, fake_backend

from .command import output_json, run


def lab(**states: str) -> tuple[Backend, FakeEngine]:
    """A lab of two clients and two bots, some of them not running."""
    backend, _ = fake_backend("call", groups={"bot-1": "bot", "bot-2": "bot"})
    engine = cast("FakeEngine", backend.engine)
    engine.present = [replace(one, state=states.get(one.client.replace("-", ""), "running")) for one in engine.present]
    return backend, engine


def test_restart(capsys: pytest.CaptureFixture[str]) -> None:
    """`restart` restarts the named clients, and shows them once healthy."""
    backend, engine = lab()
    assert run("restart", "bot", "--json", backend=backend) == 0
    assert [one["client"] for one in output_json(capsys)] == ["bot-1", "bot-2"]
    assert sorted(engine.controlled) == [("restart", "bot-1"), ("restart", "bot-2")]


@pytest.mark.issue(10)
@pytest.mark.parametrize(("action", "done"), [("stop", "stopped"), ("pause", "paused")])
def test_acts(action: ContainerAction, done: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Each command acts on the named clients, or on all, and reports it."""
    backend, engine = lab()
    assert run(action, "client2", backend=backend) == 0
    assert engine.controlled == [(action, "client2")]
    assert f"client2: {done} after " in capsys.readouterr().err
    assert run(action, backend=backend) == 0
    assert len(engine.controlled) == 5


@pytest.mark.issue(10)
def test_what_is_so_already(capsys: pytest.CaptureFixture[str]) -> None:
    """Clients already in that state are reported and skipped; if all are, it is wrong use."""
    backend, engine = lab(bot1="paused", client2="exited")
    assert run("pause", "bot", backend=backend) == 0
    assert engine.controlled == [("pause", "bot-2")]
    assert "bot-1: nothing to pause: it is paused\n" in capsys.readouterr().err
    assert run("unpause", "client1", backend=backend) == 2
    assert capsys.readouterr().err == "synthlab: client1: nothing to unpause: it is running\n"
    assert run("stop", "client2", backend=backend) == 2
    assert capsys.readouterr().err == "synthlab: client2: nothing to stop: it is exited\n"
    assert run("unpause", backend=backend) == 0
    assert engine.controlled[-1] == ("unpause", "bot-1")
    assert "nothing" not in capsys.readouterr().err
    assert run("pause", "cleint1", backend=backend) == 2
    assert "did you mean client1?" in capsys.readouterr().err


@pytest.mark.parametrize(("checks", "health"), [(3, "healthy"), (10**6, "unhealthy")])
def test_unpause_waits_for_the_next_health_check(checks: int, health: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Docker calls a resumed client unhealthy until it has checked it; a check that takes long is reported."""

    class Resuming(FakeEngine):
        """Its second client is healthy again once it has been listed that often."""

        listed = 0

        def control(self, container: Container, action: ContainerAction) -> None:
            super().control(container, action)
            self.present[1] = replace(self.present[1], state="running", health="unhealthy")

        def containers(self, lab: str | None = None) -> list[Container]:
            if self.present[1].health == "unhealthy":
                self.listed += 1
                self.present[1] = replace(self.present[1], health="healthy" if self.listed > checks else "unhealthy")
            return super().containers(lab)

    backend, _ = fake_backend("call")
    engine = Resuming(
        [replace(one, state="paused" if one.client == "client2" else one.state) for one in backend.engine.containers()]
    )
    assert run("unpause", "client2", "--json", backend=Backend(engine, backend.api, clock=FakeClock())) == 0
    output = capsys.readouterr()
    assert [(one["client"], one["health"]) for one in json.loads(output.out)] == [("client2", health)]
    unknown = "client2: its health is not known until its next health check\n"
    assert (unknown in output.err) == (health == "unhealthy")


@pytest.mark.issue(10)
def test_ps_does_not_wait_for_the_paused(capsys: pytest.CaptureFixture[str]) -> None:
    """`ps` sends no request to a paused client, which would time out after seconds."""
    backend, engine = lab(client2="paused")
    asked: list[str] = []

    def api(container: Container) -> ClientApi:
        asked.append(container.client)
        return backend.api(container)

    assert run("ps", "--json", backend=Backend(engine, api)) == 0
    assert sorted(asked) == ["bot-1", "bot-2", "client1"]
    assert [one["forwarder_restarts"] for one in output_json(capsys)] == [0, None, 0, 0]
