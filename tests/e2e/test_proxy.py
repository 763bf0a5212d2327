"""A browser of one's own takes part in a lab over the network of a client with `app: proxy`."""

from __future__ import annotations

import json
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, sync_playwright

from synthlab.contract import SYNTHETICNET

from . import tunnels
from .labs import connect, docker, lab_up, synthlab, until
from .own_browser import how_to_start, look, own_browser

pytestmark = [pytest.mark.docker, pytest.mark.issue(13), pytest.mark.timeout(600)]

LAB = "e2e-proxy"
ME, BOT = f"synthlab-{LAB}-me-1", f"synthlab-{LAB}-bot-1"
STACK = """\
sfu: {app: janus}
clients:
  me: {app: proxy}
  bot: {app: bot}
"""
WAY_MS = 100
ROUND_TRIP_S = 2 * WAY_MS / 1000
"""What the set latency adds to a round trip."""

LATE_S = 0.05
"""A packet that is later than this marks the machine as too slow; a round trip has two."""

# Times of opening a connection and of the answer; what cannot be opened within a second.
NEIGHBOUR = """\
import json, socket, sys, time
began = time.monotonic()
with socket.create_connection(("sfu", 8080), 5):
    took = time.monotonic() - began
def outcome(host, port):
    try:
        with socket.create_connection((host, port), 1):
            return "open"
    except OSError as error:
        return type(error).__name__
places = [place.rsplit(":", 1) for place in sys.argv[1:]]
print(json.dumps([took, *(outcome(host, int(port)) for host, port in places)]))
"""


# Says how far apart two messages of a connection arrive.
GAP = """\
import socket, time
server = socket.create_server(("", 9000))
while True:
    connection = server.accept()[0]
    connection.recv(1)
    first = time.monotonic()
    connection.recv(1)
    connection.sendall(str(time.monotonic() - first).encode())
    connection.close()
"""
APART_S = 0.02

# What a page gathers without a TURN server.
CANDIDATES = """async () => {
  const connection = new RTCPeerConnection();
  const found = [];
  connection.onicecandidate = ({ candidate }) => candidate?.candidate && found.push(candidate.candidate);
  connection.createDataChannel("x");
  await connection.setLocalDescription();
  while (connection.iceGatheringState !== "complete") await new Promise((resolve) => setTimeout(resolve, 50));
  return found;
}"""


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """What `open` says of the browser of a lab that is up."""
    stack = tmp_path_factory.mktemp("stack") / "proxy.yaml"
    stack.write_text(STACK)
    synthlab("images", "build", "chrome", seconds=900)
    with lab_up(LAB, stack):
        yield how_to_start("me", LAB)


@pytest.fixture
def page(told: dict[str, Any]) -> Iterator[Page]:
    """The bundled page in a call with the bot."""
    with sync_playwright() as playwright, own_browser(playwright, f"{LAB}-browser", told) as opened:
        until(lambda: len(look(opened)["paths"]) == 2)
        yield opened


def test_my_own_browser(told: dict[str, Any], page: Page) -> None:
    """Media and TCP of a browser on the host take twice the latency that is set, and nobody else's do.

    A neighbour in the lab can use neither proxy nor TURN server, at their own address or the host's.
    """
    fast = {way: tunnels.best(told["proxy"], way, "sfu", 8080) for way in (tunnels.socks, tunnels.connect)}
    before = _round_trip_s(look(page))
    synthlab("set", "me", "--latency", f"{WAY_MS}ms", "--lab", LAB)
    since = look(page)
    for way, quick in fast.items():
        slower = tunnels.best(told["proxy"], way, "sfu", 8080) - quick
        for grown in (slower.opened, slower.answered):
            assert grown == pytest.approx(ROUND_TRIP_S, abs=2 * LATE_S)
    outside = [f"{_gateway()}:{told[port].partition(':')[2]}" for port in ("proxy", "turn")]
    took, *outcomes = _of_neighbour("me:1080", "me:3478", *outside)
    assert took < ROUND_TRIP_S
    assert outcomes == ["TimeoutError", "TimeoutError", "ConnectionRefusedError", "ConnectionRefusedError"]
    until(lambda: _has_grown(look(page), since, before))
    assert {path["kind"] for path in since["paths"]} == {"relay tcp"}


def _round_trip_s(seen: dict[str, Any]) -> float:
    """The shortest of its connections: what is longer is this machine's doing."""
    return min(float(path["rtt_s"]) for path in seen["paths"])


def _has_grown(seen: dict[str, Any], since: dict[str, Any], before_s: float) -> bool:
    """Whether frames still arrive, and pings since then take longer by what is set.

    The first ping may have been under way, and any may be late on a busy machine.
    """
    pairs = zip(seen["paths"], since["paths"], strict=True)
    if any(now["pings"] < then["pings"] + 2 for now, then in pairs) or seen["frames"] <= since["frames"]:
        return False
    return abs(_round_trip_s(seen) - before_s - ROUND_TRIP_S) <= 2 * LATE_S


def _of_neighbour(*places: str) -> list[Any]:
    command = ["docker", "exec", BOT, "python3", "-c", NEIGHBOUR, *places]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    result: list[Any] = json.loads(done.stdout)
    return result


@pytest.mark.soak
@pytest.mark.parametrize("way", [tunnels.socks, tunnels.connect])
def test_what_cannot_be_reached_through_it(told: dict[str, Any], way: tunnels.Open) -> None:
    """Neither its own container, nor the control ports of any client, by any way to them."""
    api = json.loads(synthlab("ps", "--json", "--lab", LAB).stdout)[-1]["api"].rpartition(":")[2]
    own = [(host, port) for host in ("127.0.0.1", "localhost", "me", _address(ME)) for port in (80, 1080, 3478)]
    for host, port in own:
        with pytest.raises(ConnectionError):
            tunnels.times(told["proxy"], way, host, port)
    for host, port in (("127.0.0.1", 65311), ("me", 65311), ("bot", 80), ("bot", 65311), (_gateway(), int(api))):
        with pytest.raises((ConnectionError, TimeoutError)):
            tunnels.times(told["proxy"], way, host, port)
    assert tunnels.times(told["proxy"], way, "sfu", 8080).answered > 0


@pytest.mark.soak
def test_what_its_turn_server_relays(told: dict[str, Any]) -> None:
    """Only with the credentials, and only to addresses of the lab."""
    password = told["ice"]["iceServers"][0]["credential"]
    own = _address(ME)
    docker("exec", "--detach", ME, "turnutils_peer", "-L", own)
    for peer, word, expected in (
        (own, password, "Total lost packets 0 (0.0"),
        ("192.0.2.1", password, "403 (Forbidden IP)"),
        ("127.0.0.1", password, "403 (Forbidden IP)"),
        (own, "wrong", "Cannot complete Allocation"),
    ):
        asked = ("-t", "-c", "-n", "3", "-m", "1", "-u", "lab", "-w", word, "-e", peer, "127.0.0.1")
        command = ["docker", "exec", ME, "turnutils_uclient", *asked]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        assert expected in done.stdout + done.stderr


@pytest.mark.soak
def test_no_media_past_the_lab(page: Page) -> None:
    """A page that names no TURN server has no path at all, rather than one without conditions."""
    assert page.evaluate(CANDIDATES) == []


@pytest.mark.soak
def test_small_messages_are_not_held_back(told: dict[str, Any]) -> None:
    """Two that are sent one after the other arrive so: the second does not wait for a round trip of the network."""
    docker("exec", "--detach", BOT, "python3", "-c", GAP)
    synthlab("set", "me", "--latency", f"{WAY_MS}ms", "--lab", LAB)
    try:
        for way in (tunnels.socks, tunnels.connect):
            until(lambda way=way: 0 < _gap_s(told["proxy"], way) < APART_S + LATE_S, 10)  # type: ignore[misc]
    finally:
        synthlab("reset", "me", "--lab", LAB)


@pytest.mark.soak
def test_another_address(told: dict[str, Any]) -> None:
    """After Docker has given the proxy another address, a browser joins as before."""
    network, before = f"synthlab-{LAB}_default", _address(ME)
    docker("network", "disconnect", network, ME)
    docker(
        "run",
        "-d",
        "--rm",
        "--name",
        f"{LAB}-squatter",
        "--network",
        network,
        "--entrypoint",
        "sleep",
        SYNTHETICNET,
        "60",
    )
    try:
        connect(network, ME, "--alias", "me")
        assert _address(ME) != before
        _joins(told)
    finally:
        docker("rm", "-f", f"{LAB}-squatter")


def _joins(told: dict[str, Any]) -> None:
    with sync_playwright() as playwright, own_browser(playwright, f"{LAB}-again", told) as opened:
        until(lambda: len(look(opened)["paths"]) == 2)


@pytest.mark.soak
@pytest.mark.parametrize("about", ["ip: dual", "ip: ipv6", "sfu: {app: janus, join: 127.0.0.1}", "turn: {app: coturn}"])
def test_other_labs(about: str, tmp_path: Path) -> None:
    """With both protocols, with IPv6 alone, with people from outside, and with a TURN server of the lab."""
    key = about.partition(":")[0]
    kept = [line for line in STACK.splitlines() if not line.startswith(f"{key}:")]
    stack = tmp_path / "other.yaml"
    stack.write_text("\n".join([about, *kept]).replace("sfu: {app: janus}", "sfu: {app: janus, network: {}}"))
    with lab_up(f"{LAB}-other", stack):
        told = how_to_start("me", f"{LAB}-other")
        with sync_playwright() as playwright, own_browser(playwright, f"{LAB}-other-browser", told) as opened:
            until(lambda: len(look(opened)["paths"]) == 2)
            synthlab("set", "me", "--latency", f"{WAY_MS}ms", "--lab", f"{LAB}-other")
            until(lambda: _round_trip_s(look(opened)) >= ROUND_TRIP_S)


def _gap_s(proxy: str, way: tunnels.Open) -> float:
    """How far apart two small messages arrive at the bot; 0 if it does not listen yet."""
    host, _, port = proxy.partition(":")
    with suppress(ConnectionError), socket.create_connection((host, int(port)), 5) as tunnel:
        way(tunnel, "bot", 9000)
        tunnel.sendall(b"a")
        time.sleep(APART_S)
        tunnel.sendall(b"b")
        return float(tunnel.recv(100))
    return 0.0


def _address(container: str) -> str:
    return docker("inspect", "-f", "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}", container).strip()


def _gateway() -> str:
    """The host's address in the lab."""
    return docker("inspect", "-f", "{{range .NetworkSettings.Networks}}{{.Gateway}}{{end}}", ME).strip()
