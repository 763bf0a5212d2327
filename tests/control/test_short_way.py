"""The cost of a change from the command line to the forwarder: HTTP requests, channel requests, parsed values.

The API and what answers behind it are real; only the network between them and the packets are missing.
"""

from __future__ import annotations

import socket
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack

import httpx
import pytest

from syntheticnet.conditions import Unit, condition_fields
from synthlab.control.backend import Backend
from synthlab.control.client_api import ClientApi, HttpClientApi
from synthlab.engine.containers import Container
from synthlab.lab.lab import Lab
from synthlab.testing import FakeEngine, fake_container

from ..cli.commands.command import run
from ..syntheticnet.site import STARTUP, Site

NAMES = ("client1", "client2", "client3")


class Wire(httpx.BaseTransport):
    """A transport to the API of a container in this process, which counts requests."""

    def __init__(self, cleanup: ExitStack) -> None:
        ends = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        for end in ends:
            cleanup.enter_context(end).setblocking(False)
        self.site = Site(*ends)
        self.requests: list[str] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        target = request.url.raw_path.decode()
        self.requests.append(f"{request.method} {request.url.path}")
        answer = self.site.ask(request.method, target, content=request.read())
        return httpx.Response(answer.status_code, headers=answer.headers, content=answer.content)


@pytest.fixture
def wires() -> Iterator[dict[str, Wire]]:
    with ExitStack() as cleanup:
        yield {name: Wire(cleanup) for name in NAMES}


@pytest.fixture
def backend(wires: dict[str, Wire]) -> Backend:
    apis = {name: HttpClientApi(name, "http://client", wire) for name, wire in wires.items()}

    def api(container: Container) -> ClientApi:
        return apis[container.client]

    return Backend(FakeEngine([fake_container("call", name, "bot") for name in NAMES]), api)


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> Iterator[Counter[str]]:
    """How often host and container parsed and formatted `5%`."""
    counts: Counter[str] = Counter()
    unit: Unit = next(item.metadata["unit"] for item in condition_fields() if item.metadata["name"] == "loss")
    parse, format = unit.parse, unit.format

    def counting_parse(value: object) -> object:
        counts["parsed"] += value == "5%"
        return parse(value)

    def counting_format(value: object) -> object:
        counts["formatted"] += value == 0.05
        return format(value)

    with monkeypatch.context() as patch:
        patch.setitem(unit.__dict__, "parse", counting_parse)
        patch.setitem(unit.__dict__, "format", counting_format)
        yield counts


@pytest.mark.parametrize("more", [(), ("--for", "10s"), ("--in", "10s"), ("--flow", "*:udp")])
def test_set_of_one_client(more: tuple[str, ...], backend: Backend, wires: dict[str, Wire]) -> None:
    """One HTTP request, and one to the forwarder."""
    assert run("set", "client1", "--egress", "--loss", "5%", *more, backend=backend) == 0
    assert wires["client1"].requests == ["PATCH /v1/conditions"]
    assert wires["client1"].site.forwarder.asked == ["change"]
    assert wires["client2"].requests == []


CHECKED = ["PATCH /v1/conditions", "PATCH /v1/conditions"]
SEEN = "GET /v1/state"


@pytest.mark.parametrize(
    ("command", "requests", "egress"),
    [
        (("set", *NAMES, "--egress", "--loss", "5%"), [*CHECKED, SEEN], {"loss": "5%"}),
        (("set", *NAMES, "--egress", "--loss", "5%", "--for", "10s"), [*CHECKED, SEEN], {"loss": "5%"}),
        (("set", *NAMES, "--loss", "5%", "--in", "10s"), CHECKED, None),
        (("reset", *NAMES), [SEEN, "DELETE /v1/conditions", SEEN], STARTUP["egress"]),
        (("reset", "--perfect"), [SEEN, "PUT /v1/conditions", SEEN], None),
    ],
)
def test_several_clients(
    command: tuple[str, ...], requests: list[str], egress: object, backend: Backend, wires: dict[str, Wire]
) -> None:
    """At most three requests per client, after which everything is in force."""
    assert run(*command, backend=backend) == 0
    assert [wire.requests for wire in wires.values()] == [requests] * 3
    assert [wire.site.forwarder.conditions.get("egress") for wire in wires.values()] == [egress] * 3


def test_a_group_in_code(backend: Backend, wires: dict[str, Wire]) -> None:
    """Three requests per client, and three to revert: the check returned the earlier state."""
    with Lab.named(backend, "call")["bot"].set(egress={"loss": "5%"}):
        assert [wire.requests for wire in wires.values()] == [[*CHECKED, SEEN]] * 3
    assert [wire.requests for wire in wires.values()] == [[*CHECKED, SEEN] * 2] * 3
    assert [wire.site.forwarder.conditions for wire in wires.values()] == [{"seed": 5}] * 3


def test_refused_by_one(backend: Backend, wires: dict[str, Wire]) -> None:
    """One request per client: the check."""
    run("set", "client1", "--egress", "--rate", "1mbit", backend=backend)
    wires["client1"].requests.clear()
    assert run("set", *NAMES, "--egress", "--queue", "10p", backend=backend) == 2
    assert [wire.requests for wire in wires.values()] == [["PATCH /v1/conditions"]] * 3
    assert wires["client1"].site.forwarder.conditions["egress"] == {"rate": "1mbit"}


def test_a_failure_reverts_the_others(
    backend: Backend, wires: dict[str, Wire], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Restored exactly, including a queue that has no effect without a rate."""
    run("set", "client1", "--egress", "--rate", "1mbit", "--queue", "10p", backend=backend)
    run("set", "client1", "--egress", "--rate", "none", backend=backend)
    forwarder = wires["client3"].site.forwarder

    def fail(*_: object) -> int:
        time.sleep(0.1)  # until the others have changed
        raise ValueError("no room")

    monkeypatch.setattr(forwarder, "arm", fail)
    assert run("set", *NAMES, "--egress", "--loss", "5%", backend=backend) == 2
    assert wires["client1"].site.ask("GET", "/v1/state").json()["base"] == {"egress": {"queue": "10p"}}
    assert wires["client1"].site.ask("GET", "/v1/leases").json()["scheduled"] == []


@pytest.mark.parametrize("lease", [(), ("--for", "10s")])
def test_a_value_is_parsed_once_on_each_side(lease: tuple[str, ...], backend: Backend, counted: Counter[str]) -> None:
    """The host checks it, the forwarder parses and formats it, and JSON output shows that text unchanged."""
    assert run("set", "client1", "--egress", "--loss", "5%", *lease, "--json", backend=backend) == 0
    assert counted == {"parsed": 2, "formatted": 1}


def test_a_table_parses_what_it_shows(backend: Backend, counted: Counter[str]) -> None:
    """Parsed once more to show its effect; `base` and other clients' values are not parsed."""
    assert run("set", "client1", "--egress", "--loss", "5%", backend=backend) == 0
    assert counted == {"parsed": 3, "formatted": 2}
