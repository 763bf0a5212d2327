"""The lab API against a real lab: changed, cut, played on, watched, relayed."""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest

from synthlab.contract import API_PORT
from synthlab.control.port_tunnel import LocalPort, connect_through
from synthlab.engine.factory import make_engine

from ...dashboard.served import events
from ..labs import SYNTHLAB, heeding_interrupts, until
from ..leftovers import leftovers
from ..pair import STACK
from .server import LAB, Server, reached

pytestmark = [pytest.mark.docker, pytest.mark.issue(12)]

QUIET = """\
stack: pair.yaml
steps:
  - never: client2.egress.packets_in < 0
    for: 20s
"""


def took_s(stream: Iterator[tuple[str, Any]], egress: dict[str, str]) -> float:
    """How long it takes until both clients are shown with this egress."""
    begun = time.monotonic()
    for event, data in stream:
        if event == "states" and all(state["conditions"].get("egress", {}) == egress for state in data.values()):
            break
        assert time.monotonic() - begun < 10
    return time.monotonic() - begun


def test_two_clients_at_one_instant(server: Server) -> None:
    """Both change within milliseconds, listeners learn of it at once, and the lease ends by itself."""
    with server.http.stream("GET", f"/v1/labs/{LAB}/events") as answer:
        stream = events(answer.iter_lines())
        seen = dict(next(stream) for _ in range(3))
        assert [one["name"] for one in seen["lab"]["participants"]] == ["client1", "client2"]
        loss = {"loss": "5%"}
        made = server.ask(
            "PATCH", f"/v1/labs/{LAB}/conditions", {"clients": "all", "change": {"egress": loss}, "for": "2s"}
        )
        assert list(made["leases"]) == ["client1", "client2"]
        assert made["spread_ms"] < 20
        assert took_s(stream, loss) < 0.5
        assert took_s(stream, {}) < 5


def test_partition(server: Server) -> None:
    """Nothing passes between the two until it is healed."""
    ends = {"a": "client1", "b": "client2"}
    assert reached() == "ConnectionRefusedError"
    server.ask("POST", f"/v1/labs/{LAB}/partition", ends)
    assert reached() == "TimeoutError"
    server.ask("DELETE", f"/v1/labs/{LAB}/partition", ends)
    assert reached() == "ConnectionRefusedError"


def test_a_scenario(server: Server) -> None:
    """It is played in the running lab, its steps can be watched, and it ends with a verdict and a report."""
    run = server.ask("POST", "/v1/runs", {"scenario": "detour.yaml", "lab": LAB})["run"]
    ended = server.end_of(f"/v1/runs/{run}", "ended")
    assert ended["verdict"] == "passed" or "too slow" in str(ended["reasons"]), ended
    assert [step["state"] for step in ended["steps"]] == ["done", "passed"]
    assert "the detour" in server.http.get(f"/v1/runs/{run}/report").text


def test_relay(server: Server) -> None:
    """A client's own API answers through the relay, and may be changed there."""
    path = f"/v1/labs/{LAB}/clients/client1/api/v1/conditions"
    changed = server.ask("PATCH", f"{path}?by=page", {"egress": {"latency": "5ms"}})
    assert changed["conditions"]["egress"] == {"latency": "5ms"}
    assert "egress" not in server.ask("DELETE", path)["conditions"]
    assert server.http.get(path.replace("client1", "client3")).status_code == 404


def test_events_of_a_client(server: Server) -> None:
    """A client's own events are passed on as they come."""
    with server.http.stream("GET", f"/v1/labs/{LAB}/clients/client1/api/v1/events?only=state") as answer:
        event, data = next(events(answer.iter_lines()))
    assert (event, data["name"]) == ("state", "client1")


@pytest.mark.usefixtures("server")
def test_a_port_through_the_engine() -> None:
    """A program in the container connects to a port there; as the application, which may only read."""
    engine = make_engine()
    container = next(one for one in engine.containers(LAB) if one.client == "client1")
    with closing(LocalPort(lambda: connect_through(engine, container, API_PORT))) as port:
        url = f"http://127.0.0.1:{port.number}/v1"
        assert httpx.get(f"{url}/state").json()["may_change"] is False
        assert httpx.delete(f"{url}/conditions").status_code == 403


@pytest.mark.soak
def test_no_pictures_while_a_terminal_plays(server: Server, tmp_path: Path) -> None:
    """A scenario of the command line in the same lab holds pictures off, and they come back after it by themselves."""
    file = tmp_path / "quiet.yaml"
    file.write_text(QUIET)
    (tmp_path / "pair.yaml").write_text(STACK.format(name=LAB, ip="ipv4"))
    paths = [f"/v1/labs/{LAB}/clients/{client}/api/v1/pictures" for client in ("client1", "client2")]

    def judged() -> list[bool]:
        return [server.ask("GET", path)["judged"] for path in paths]

    until(lambda: judged() == [False, False], 10)
    command = heeding_interrupts([SYNTHLAB, "scenario", "run", str(file), "--lab", LAB])
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as playing:
        until(lambda: judged() == [True, True], 10)
        playing.send_signal(signal.SIGINT)
    until(lambda: judged() == [False, False], 8)


def test_a_cancelled_up_leaves_nothing(server: Server) -> None:
    """Compose is stopped while it creates containers, and what it has created is removed."""
    other = f"{LAB}-other"
    task = server.ask("POST", "/v1/labs", {"stack": "pair.yaml", "name": other})["task"]
    until(lambda: "containers: 0/2 started" in server.ask("GET", f"/v1/tasks/{task}")["lines"])
    server.ask("DELETE", f"/v1/tasks/{task}")
    assert server.end_of(f"/v1/tasks/{task}", "failed")["error"] == "cancelled"
    until(lambda: leftovers(other) == [])
