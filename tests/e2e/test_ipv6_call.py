"""A call in a lab whose applications have IPv6 only, with a real browser, bot and media server."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from typing import Any
from urllib.request import urlopen

import pytest

from .labs import lab_up, synthlab, until
from .pair import Pair

pytestmark = [pytest.mark.docker, pytest.mark.timeout(600)]

CALL = "e2e-ipv6-call"
CALL_STACK = f"""\
name: {CALL}
ip: ipv6
sfu: {{app: janus, bitrate: 300kbit, network: {{flows: {{"0.0.0.0/0": {{}}, "[::/0]:udp": {{}}}}}}}}
clients:
  client1: {{app: chrome, headless: false, network: {{flows: {{"0.0.0.0/0": {{}}}}}}}}
  bot: {{app: bot}}
"""


@pytest.fixture(scope="module")
def call(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    stack = tmp_path_factory.mktemp("stack") / "call.yaml"
    stack.write_text(CALL_STACK)
    with lab_up(CALL, stack, "--wait-media"):
        yield Pair(CALL)


@pytest.fixture(params=range(30))
def turn(request: pytest.FixtureRequest) -> int:
    """How often the repeated tests run."""
    return int(request.param)


def test_a_call_goes_by_ipv6_alone(call: Pair) -> None:
    """Browser, bot and media server see each other without any IPv4 packet, and none tries to send one.

    Ingress packets counted as closed are the host's: its kernel sends IGMP reports on every bridge.
    """
    for client in ("client1", "bot"):
        numbers = _stats(call, client)
        assert all(picture["frames"] > 0 for picture in numbers["video"].values())
    for client in ("client1", "sfu"):
        state = call.state(client)
        assert "closed" not in state["links"]["egress"]["dropped"]
        for direction in ("ingress", "egress"):
            assert state["flows"]["0.0.0.0/0"][direction]["packets_in"] == 0
    until(lambda: min(_media(call, direction) for direction in ("ingress", "egress")) > 500)


@pytest.mark.issue(10)
def test_the_rooms_cap_is_the_stacks(call: Pair) -> None:
    """The server requests at most the stack's bitrate, which is not its default."""
    until(lambda: 250 < float(_stats(call, "client1")["connections"]["connection"]["available_kbps"]) <= 300)


def test_conditions_of_the_call(call: Pair) -> None:
    """A limited uplink of the browser shows in the bot's receive rate, latency toward the server in its round trips."""
    until(lambda: _kbps(call) > 130)
    synthlab("set", "client1", "--egress", "--rate", "100kbit", "--lab", CALL)
    until(lambda: 0 < _kbps(call) < 100)
    synthlab("set", "client1", "--egress", "--rate", "none", "--lab", CALL)
    synthlab("set", "client1", "--flow", "sfu:udp", "--latency", "100ms", "--lab", CALL)
    until(lambda: _trip_ms(call) > 190)


def test_screen_and_debugger_answer_at_the_hosts_ports(call: Pair) -> None:
    """A browser without IPv4 can be viewed and automated like any other."""
    (row,) = [row for row in call.rows() if row["client"] == "client1"]
    host, _, port = row["vnc"].rpartition(":")
    with socket.create_connection((host, int(port)), 5) as screen:
        assert screen.recv(12).startswith(b"RFB 003")
    endpoint = synthlab("cdp", "client1", "--lab", CALL).stdout.strip()
    with urlopen(f"{endpoint}/json/version", timeout=5) as answer:
        assert "Chrome" in json.load(answer)["Browser"]


@pytest.mark.soak
@pytest.mark.issue(10)
@pytest.mark.usefixtures("turn")
def test_the_browser_joins_each_time(call: Pair) -> None:
    """Its network does not change while it loads the page: no request fails, and it sends soon after."""
    synthlab("restart", "client1", "--lab", CALL)
    until(lambda: _stats(call, "client1")["sent"]["video"]["fps"] > 5, 30)
    console = synthlab("logs", "client1", "--console", "--lab", CALL).stdout
    assert "ERR_" not in console + synthlab("logs", "client1", "--lab", CALL).stdout


def _stats(call: Pair, client: str) -> dict[str, Any]:
    shown = json.loads(synthlab("stats", client, "--json", "--lab", call.name).stdout)
    numbers: dict[str, Any] = shown[client]["webrtc"]
    return numbers


def _media(call: Pair, direction: str) -> int:
    """UDP packets over IPv6 that the media server has received or sent."""
    return int(call.state("sfu")["flows"]["[::/0]:udp"][direction]["packets_in"])


def _kbps(call: Pair) -> float:
    """The rate at which the bot receives client1's video."""
    return float(_stats(call, "bot")["video"]["client1"]["kbps"])


def _trip_ms(call: Pair) -> float:
    """client1's round-trip time to the media server."""
    return float(_stats(call, "client1")["video"]["bot"]["rtt_ms"])
