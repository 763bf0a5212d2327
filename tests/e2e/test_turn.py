"""A call with a real TURN server: who may use it, for what, and a browser whose network loses UDP."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from .labs import docker, lab_up, synthlab, until

pytestmark = [pytest.mark.docker, pytest.mark.timeout(600), pytest.mark.usefixtures("lab")]

LAB = "e2e-turn"
TURN = f"synthlab-{LAB}-turn-1"
STACK = """\
sfu: {app: janus}
turn: {app: coturn}
clients:
  browser: {app: chrome, headless: true}
  bot: {app: bot}
"""
# Sends a binding request (RFC 8489, 5) and prints the type of the answer.
ASK = """\
import os, socket
request = b"\\0\\1\\0\\0\\x21\\x12\\xa4\\x42" + os.urandom(12)
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp, socket.create_connection(("turn", 3478), 5) as tcp:
    udp.connect(("turn", 3478))
    for one in (udp, tcp):
        one.settimeout(5)
        one.send(request)
        print(one.recv(2).hex())
"""
OUTSIDE = "192.0.2.1"  # TEST-NET-1 (RFC 5737)


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A browser, a bot, a media server and a TURN server in one lab."""
    stack = tmp_path_factory.mktemp("stack") / "turn.yaml"
    stack.write_text(STACK)
    with lab_up(LAB, stack):
        yield


def _use(protocol: tuple[str, ...], peer: str, password: str) -> str:
    """The output of coturn's client, which relays three messages to a peer in the TURN server's container."""
    user = ("-u", "lab", "-w", password)
    command = ("turnutils_uclient", "-c", "-n", "3", "-m", "1", *protocol, *user, "-e", peer, "turn")
    done = subprocess.run(["docker", "exec", TURN, *command], capture_output=True, text=True, timeout=60, check=False)
    return done.stdout + done.stderr


def _password() -> str:
    (user,) = [line for line in docker("exec", TURN, "env").splitlines() if line.startswith("SYNTHLAB_TURN_USER=lab:")]
    return user.rpartition(":")[2]


def test_clients_reach_it_and_the_host_does_not() -> None:
    """It answers by name, over UDP and TCP; none of its ports is published."""
    assert synthlab("exec", "bot", "--lab", LAB, "--", "python3", "-c", ASK).stdout.split() == ["0101", "0101"]
    assert set(json.loads(docker("inspect", "-f", "{{json .NetworkSettings.Ports}}", TURN)).values()) == {None}


def test_relay_destinations() -> None:
    """It relays to addresses of the lab, over UDP and TCP, with the lab's credentials; to no other address."""
    own, password = docker("exec", TURN, "hostname", "-i").strip(), _password()
    docker("exec", "--detach", TURN, "turnutils_peer", "-L", own)
    uses = {
        (own, password): "Total lost packets 0 (0.0",
        (OUTSIDE, password): "403 (Forbidden IP)",
        ("127.0.0.1", password): "403 (Forbidden IP)",
        (own, "wrong"): "Cannot complete Allocation",
    }
    tried = [(protocol, *use) for protocol in ((), ("-t",)) for use in uses]
    with ThreadPoolExecutor(len(tried)) as pool:
        for (_, *use), output in zip(tried, pool.map(lambda one: _use(*one), tried), strict=True):
            assert uses[use[0], use[1]] in output


def test_a_call_moves_to_tcp_when_udp_is_blocked_and_back() -> None:
    """The call starts without the relay; without UDP all media use it over TCP, in the existing connections."""
    until(lambda: _uses("host", None, restarted=False))
    synthlab("set", "browser", "--flow", "*:udp", "--outage", "--lab", LAB)
    until(lambda: not _flows(_stats()))
    until(lambda: _uses("relay", "tcp", restarted=True))
    synthlab("reset", "browser", "--lab", LAB)
    until(lambda: _uses("host", None, restarted=True))


def _stats() -> dict[str, dict[str, Any]]:
    """What each client reports, by name, read at once."""
    shown = json.loads(synthlab("stats", "browser", "bot", "--json", "--lab", LAB).stdout)
    return {name: shown[name]["webrtc"] for name in ("browser", "bot")}


def _uses(local: str, relay: str | None, restarted: bool) -> bool:
    """Whether media flow, and all connections of the browser have this local candidate type and relay protocol.

    Also whether ICE restarted in each of them; a replacement connection starts at 0 restarts.
    """
    stats = _stats()
    connections: dict[str, dict[str, Any]] = stats["browser"].get("connections", {})
    assert len(connections) < 3
    ways = {(one.get("local"), one.get("relay_protocol")) for one in connections.values()}
    restarts = {one["ice_restarts"] > 0 for one in connections.values()}
    return _flows(stats) and restarts == {restarted} and ways == {(local, relay)}


def _flows(stats: dict[str, dict[str, Any]]) -> bool:
    """Whether both receive each other's video."""
    return all(
        stats[viewer].get("video", {}).get(shown, {}).get("fps", 0) > 5
        for viewer, shown in (("browser", "bot"), ("bot", "browser"))
    )
