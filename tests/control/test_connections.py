"""The route to an engine's clients, decided once, by which container answers at the port."""

from __future__ import annotations

from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest

from synthlab.control.addresses import api_url
from synthlab.control.client_api import HttpClientApi
from synthlab.control.connections import CONTAINER_HEADER, ClientConnections, leads_to
from synthlab.control.exec_tunnel import Relay
from synthlab.engine import containers
from synthlab.errors import SynthlabError
from synthlab.testing import FakeEngine, fake_container


class Container(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header(CONTAINER_HEADER, "mine")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.mark.parametrize(("id", "leads"), [("mine", True), ("another", False)])
def test_who_answers(id: str, leads: bool) -> None:
    """The container's id is checked: the port may belong to another one."""
    with HTTPServer(("127.0.0.1", 0), Container) as server:
        thread = Thread(target=server.handle_request)
        thread.start()
        assert leads_to(f"http://127.0.0.1:{server.server_port}", id) is leads
        thread.join()


def test_nobody_answers() -> None:
    """A port without a listener is not reachable."""
    with HTTPServer(("127.0.0.1", 0), Container) as server:
        port = server.server_port
    assert not leads_to(f"http://127.0.0.1:{port}", "mine")


@pytest.mark.parametrize("open_", [True, False])
def test_decided_once(open_: bool) -> None:
    """The first request decides the route for all; each client has one relay."""
    looked: list[str] = []
    made: list[str] = []

    def leads(_url: str, id: str) -> bool:
        looked.append(id)
        return open_

    def relay(container: containers.Container) -> Relay:
        made.append(container.id)
        return Relay(["false"])

    reach = ClientConnections(FakeEngine(), leads, relay)
    clients = [fake_container("call", name) for name in ("client1", "client2", "client1")]
    found = [reach._relay(client) for client in clients]
    assert looked == ["call/client1"]
    assert made == ([] if open_ else ["call/client1", "call/client2"])
    assert found[0] is found[2]


def test_one_api_of_a_container() -> None:
    """A container's API is reused with its connection; a restarted container has another port, and a new API."""
    reach = ClientConnections(FakeEngine())
    container = fake_container("call", "client1")
    assert reach.api(container) is reach.api(container)
    assert reach.api(container) is not reach.api(replace(container, ports={3000: 4000}))
    assert reach.api(container) is not reach.api(fake_container("call", "client2"))


def test_close() -> None:
    """It closes open connections, and the next request opens one again."""
    closed: list[HttpClientApi] = []
    reach = ClientConnections(FakeEngine(), lambda url, id: True)
    remote = reach.api(fake_container("call", "client1"))
    assert isinstance(remote, HttpClientApi)
    remote.close = lambda: closed.append(remote)  # type: ignore[method-assign]
    reach.close()
    assert closed == [remote]


@pytest.mark.parametrize(("state", "url"), [("running", "http://127.0.0.1:3000"), ("exited", None)])
def test_only_what_runs_has_an_address(state: str, url: str | None) -> None:
    """After a crash, an engine lists the old ports of stopped containers; they are ignored."""
    assert api_url(replace(fake_container("call", "client1"), state=state)) == url


@pytest.mark.issue(13)
def test_a_container_that_publishes_nothing() -> None:
    """On internal networks alone its API is reached through the engine, even where others are reached by port."""
    asked: list[str] = []

    def relay(container: containers.Container) -> Relay:
        asked.append(container.name)
        raise SynthlabError("through the engine")

    connections = ClientConnections(FakeEngine(), leads=lambda url, id: True, relay=relay)
    inner = replace(fake_container("call", "core"), ports={})
    with pytest.raises(SynthlabError, match="through the engine"):
        connections.api(inner).state()
    assert asked == [inner.name]
    with pytest.raises(SynthlabError, match="has no API: its container is not running"):
        connections.api(replace(inner, state="exited")).state()


@pytest.mark.issue(14)
def test_a_port_that_a_swarm_has_lost() -> None:
    """The error says how to get it back."""
    lost = replace(fake_container("call", "client1"), node="attic", ports={})
    with pytest.raises(
        SynthlabError, match=r"^client1 has no API: the swarm no longer knows .*`synthlab restart client1`$"
    ):
        ClientConnections(FakeEngine()).api(lost).state()
    with pytest.raises(
        SynthlabError, match=r"^client1 has no API: its container is not running \(see `synthlab ps`\)$"
    ):
        ClientConnections(FakeEngine()).api(replace(lost, state="exited")).state()
