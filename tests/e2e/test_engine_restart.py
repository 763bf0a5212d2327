"""An engine restarts or dies while a lab is up: the lab is then reported as stopped, and can be removed."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from synthlab.contract import BASE

from .labs import synthlab
from .second_engine import SecondEngine, second_engine

pytestmark = [pytest.mark.docker, pytest.mark.timeout(300)]

LAB = "e2e-restarted"
STACK = f"""\
name: {LAB}
clients:
  client1: {{image: syntheticnet, command: sleep 3000}}
  client2: {{image: syntheticnet, command: sleep 3000}}
"""


@pytest.fixture(scope="module")
def engine() -> Iterator[SecondEngine]:
    synthlab("images", "build", "syntheticnet")
    with second_engine(BASE, "syntheticnet:latest") as engine:
        yield engine


@pytest.mark.parametrize("number", [pytest.param(signal.SIGTERM, marks=pytest.mark.soak), signal.SIGKILL])
def test_a_lab_after_the_engine_was_away(engine: SecondEngine, number: signal.Signals, tmp_path: Path) -> None:
    """No command treats it as running: `ps` and `ls` show that, `restart` starts it, `down` removes it."""
    run = engine.machine.synthlab
    stack = tmp_path / "restarted.yaml"
    stack.write_text(STACK)
    run("up", str(stack))
    assert _states(engine) == {"client1": "running", "client2": "running"}
    engine.end(number)
    assert "the Docker engine does not answer" in run("ps", status=3).stderr
    engine.start()
    assert set(_states(engine).values()) == {"exited"}
    (shown,) = json.loads(run("ls", "--json").stdout)
    assert (shown["lab"], shown["state"], shown["running"], shown["clients"]) == (LAB, "stopped", 0, 2)
    assert "is not running" in run("show", "client1", "--lab", LAB, status=3).stderr
    run("restart", "client1", "--lab", LAB)
    assert _states(engine)["client1"] == "running"
    assert f"{LAB} is down: 2 containers removed" in run("down", "--lab", LAB).stdout
    assert engine.machine.run("docker", "network", "ls", "-q", "--filter", "label=synthlab.lab").stdout == ""


def _states(engine: SecondEngine) -> dict[str, str]:
    rows = json.loads(engine.machine.synthlab("ps", "--lab", LAB, "--json").stdout)
    return {row["client"]: row["state"] for row in rows}
