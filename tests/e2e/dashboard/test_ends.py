"""Every end of the command `dashboard` while all is in use: streams, relays and a scenario, and nothing is left."""

from __future__ import annotations

import signal
import subprocess
import threading
import time
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import httpx
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from ..labs import docker, lab_up, until
from ..leftovers import leftovers
from ..pair import STACK as PAIR
from ..pair import Pair
from .server import Server, descendants, serving

pytestmark = [pytest.mark.docker, pytest.mark.issue(12)]

NAME = "e2e-dashboard-ends"
STACK = f"""\
name: {NAME}
sfu: {{image: "debian:bookworm-slim", command: sleep 600}}
clients:
  client1: {{image: "syntheticnet:vnc", headless: false}}
"""
SCENARIO = """\
stack: lab.yaml
steps:
  - set: client1
    egress: {latency: 20ms}
  - {traffic: client1, to: sfu, protocol: udp, rate: 100kbit, for: 300s}
  - wait: 300s
"""
SIDECARS = (
    "ps",
    "--all",
    "--quiet",
    "--filter",
    "label=synthlab.role=sidecar",
    "--filter",
    f"label=synthlab.lab={NAME}",
)
ENDS_S = 5.0
LEASE_S = 15.0
STATUSES = {signal.SIGINT: 130, signal.SIGTERM: 143, signal.SIGHUP: 129, signal.SIGKILL: -9}


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    """A lab that somebody else has brought up, so that it outlives the server, and shows what is left there."""
    stack = tmp_path_factory.mktemp("stack") / "lab.yaml"
    stack.write_text(STACK)
    with lab_up(NAME, stack, "--ttl", "15min"):
        yield Pair(NAME)


class Watching:
    """Streams and relays that are open, each read by a thread until it ends."""

    def __init__(self, server: Server, resources: ExitStack) -> None:
        self._server = server
        self._threads: list[threading.Thread] = []
        one = f"/v1/labs/{NAME}/clients/client1"
        for path in (f"/v1/labs/{NAME}/events", f"{one}/api/v1/events"):
            answer = resources.enter_context(server.http.stream("GET", path))
            lines = answer.iter_lines()
            next(lines)
            self._follow(lines)
        screen = resources.enter_context(self._screen(f"{one}/screen"))
        assert screen.recv() == b"RFB 003.008\n"
        self._follow(screen)

    def are_open(self) -> bool:
        return all(thread.is_alive() for thread in self._threads)

    def have_ended(self) -> bool:
        return not any(thread.is_alive() for thread in self._threads)

    def _follow(self, stream: Iterable[object]) -> None:
        def until_it_ends() -> None:
            with suppress(httpx.TransportError, ConnectionClosed):  # a killed server says no goodbye
                deque(stream, maxlen=0)

        self._threads.append(threading.Thread(target=until_it_ends, daemon=True))
        self._threads[-1].start()

    def _screen(self, path: str) -> ClientConnection:
        headers = {"authorization": f"Bearer {self._server.token}"}
        return connect(
            f"ws://{self._server.http.base_url.netloc.decode()}{path}", additional_headers=headers, proxy=None
        )


def alive(pids: list[int]) -> list[int]:
    """Those that run; a zombie of a dead parent does not."""
    listed = subprocess.run(["ps", "-eo", "pid=,stat="], capture_output=True, text=True, check=True).stdout
    running = {int(pid) for pid, state in map(str.split, listed.splitlines()) if not state.startswith("Z")}
    return sorted(running.intersection(pids))


@pytest.mark.parametrize(
    "number",
    [signal.SIGTERM, *(pytest.param(one, marks=pytest.mark.soak) for one in STATUSES if one != signal.SIGTERM)],
)
def test_nothing_is_left(lab: Pair, tmp_path: Path, number: signal.Signals) -> None:
    """Within 5 s server, children, sidecars and streams are gone, and the scenario's change is taken back.

    A server that is killed cannot take it back: its lease ends by itself.
    """
    (tmp_path / "lab.yaml").write_text(STACK)
    (tmp_path / "long.yaml").write_text(SCENARIO)
    with ExitStack() as resources:
        server = resources.enter_context(serving(tmp_path))
        server.ask("POST", "/v1/runs", {"scenario": "long.yaml", "lab": NAME})
        until(lambda: bool(docker(*SIDECARS)), 20)
        watching = Watching(server, resources)
        assert lab.state("client1")["conditions"]["egress"] == {"latency": "20ms"}
        children = descendants(server.process.pid)
        assert children
        assert watching.are_open()
        begun = time.monotonic()
        server.process.send_signal(number)
        assert server.process.wait(ENDS_S) == STATUSES[number]
        until(watching.have_ended, ENDS_S - (time.monotonic() - begun))
        until(lambda: not alive(children), ENDS_S - (time.monotonic() - begun))
        until(lambda: not docker(*SIDECARS), ENDS_S - (time.monotonic() - begun))
        patience_s = LEASE_S if number == signal.SIGKILL else 1
        until(lambda: "egress" not in lab.state("client1")["conditions"], patience_s)
        assert lab.state("client1")["leases"] == []


def test_the_labs_of_the_server_go_with_it(tmp_path: Path) -> None:
    """Ctrl-C takes a lab down that the server has brought up, with what is changed there."""
    own = f"{NAME}-own"
    (tmp_path / "pair.yaml").write_text(PAIR.format(name=own, ip="ipv4"))
    with serving(tmp_path) as server:
        task = server.ask("POST", "/v1/labs", {"stack": "pair.yaml", "ttl": "15min"})["task"]
        server.end_of(f"/v1/tasks/{task}", "done")
        change = {"clients": ["client1"], "change": {"egress": {"loss": "1%"}}}
        server.ask("PATCH", f"/v1/labs/{own}/conditions", change)
        server.process.send_signal(signal.SIGINT)
        assert server.process.wait(20) == 130
    assert leftovers(own) == []
