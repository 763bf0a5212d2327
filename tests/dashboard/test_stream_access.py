"""Who gets a stream or a WebSocket of the lab API: nobody else learns a byte, and no connection to a client is made."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace

import httpx
import pytest

from synthlab.contract import API_PORT, CDP_PORT, VNC_PORT
from synthlab.control.backend import Backend
from synthlab.dashboard.routes import endpoints
from synthlab.testing import FakeEngine, fake_backend

from .served import Served, serving

CLIENT1 = "/v1/labs/call/clients/client1"
UPGRADE = {
    "connection": "Upgrade",
    "upgrade": "websocket",
    "sec-websocket-version": "13",
    "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
}
WEBSOCKETS = (f"{CLIENT1}/screen", f"{CLIENT1}/cdp/devtools/page/1")
RELAYED = (*WEBSOCKETS, f"{CLIENT1}/api/v1/events")
OF_LAB = "/v1/labs/call/events"
STREAMS = (*RELAYED, OF_LAB)
FOREIGN = [
    ({"host": "evil.example"}, 403),
    ({"host": "evil.example:{port}"}, 403),
    ({"host": "127.0.0.1:1"}, 403),
    ({"origin": "https://evil.example"}, 403),
    ({"origin": "http://localhost:{port}"}, 403),
    ({"origin": "null"}, 403),
    ({"sec-fetch-site": "cross-site"}, 403),
    ({"authorization": ""}, 401),
    ({"authorization": "Bearer wrong"}, 401),
    ({"authorization": "", "cookie": "synthlab-{port}=wrong"}, 401),
    ({"authorization": "", "cookie": "synthlab-1={token}"}, 401),
]


class Guest:
    """The ports of client1: one socket that never answers, and shows whether anybody has connected to it."""

    def __init__(self, listening: socket.socket) -> None:
        self._listening = listening

    def was_called(self, within_s: float = 0.0) -> bool:
        self._listening.settimeout(within_s)
        with suppress(BlockingIOError, TimeoutError):
            self._listening.accept()[0].close()
            return True
        return False


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Served, Guest]]:
    known, by_id = fake_backend("call")
    first, second = known.engine.containers()
    with socket.create_server(("127.0.0.1", 0)) as listening:
        ports = dict.fromkeys((VNC_PORT, CDP_PORT, API_PORT), listening.getsockname()[1])
        backend = Backend(FakeEngine([replace(first, ports=ports), second]), lambda container: by_id[container.id])
        with serving(tmp_path_factory.mktemp("folder"), backend) as served:
            yield served, Guest(listening)


def sent(served: Served, path: str, headers: dict[str, str]) -> dict[str, str]:
    """What a program with the token sends, and these headers instead."""
    named = {"port": served.access.port, "token": served.access.token}
    own = {"authorization": "Bearer {token}", "host": "127.0.0.1:{port}", **headers}
    return {name: value.format(**named) for name, value in own.items()} | (UPGRADE if path in WEBSOCKETS else {})


@pytest.mark.parametrize("path", STREAMS)
@pytest.mark.parametrize(("headers", "status"), FOREIGN)
def test_refused(path: str, headers: dict[str, str], status: int, guarded: tuple[Served, Guest]) -> None:
    """A foreign host or page, and whoever lacks the token, gets one line; the client is not even connected to."""
    served, guest = guarded
    answer = httpx.get(served.access.url + path, headers=sent(served, path, headers))
    assert answer.status_code == status
    assert list(answer.json()) == ["error"]
    assert "upgrade" not in answer.headers
    assert not guest.was_called()
    assert served.dashboard.feeds.labs == []


@pytest.mark.parametrize("path", RELAYED)
@pytest.mark.parametrize("headers", [{}, {"origin": "http://127.0.0.1:{port}", "sec-fetch-site": "same-origin"}])
def test_allowed(path: str, headers: dict[str, str], guarded: tuple[Served, Guest]) -> None:
    """The same requests with the token, from a program or the server's own page, reach the client."""
    served, guest = guarded
    with suppress(httpx.TimeoutException):
        httpx.get(served.access.url + path, headers=sent(served, path, headers), timeout=0.3)
    assert guest.was_called(within_s=5)


def test_allowed_events(guarded: tuple[Served, Guest]) -> None:
    served, _ = guarded
    with httpx.stream("GET", served.access.url + OF_LAB, headers=sent(served, OF_LAB, {})) as answer:
        assert answer.status_code == 200
        assert next(answer.iter_lines()).startswith("event: ")
    served.wait_until(lambda: served.dashboard.feeds.labs == [])


def test_all_are_here() -> None:
    """Every WebSocket and every stream of the table is tested."""
    found = {one.path for one in endpoints() if one.method == "WEBSOCKET" or one.media == "text/event-stream"}
    tested = {OF_LAB, *WEBSOCKETS}
    assert {
        path.replace("{path:path}", "devtools/page/1").format(lab="call", client="client1") for path in found
    } == tested


@pytest.mark.parametrize("host", ["evil.example", "evil.example:{port}", "192.168.0.1:{port}"])
def test_the_start_over_a_foreign_host(host: str, guarded: tuple[Served, Guest]) -> None:
    """A name that was made to point here gets no cookie from the printed address, and learns no token."""
    served, _ = guarded
    headers = {"host": host.format(port=served.access.port)}
    for token, status in ((served.access.token, 403), ("wrong", 403)):
        answer = httpx.get(served.access.url, params={"token": token}, headers=headers)
        assert answer.status_code == status
        assert "set-cookie" not in answer.headers
        assert served.access.token not in answer.text
