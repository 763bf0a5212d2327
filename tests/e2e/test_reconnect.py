"""`docker network disconnect` and `connect`: the new interface is taken over, and nothing passes unconditioned."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator

import pytest

from .labs import connect, docker, docker_log, reconnect, synthlab, until
from .pair import Pair, pair_up

pytestmark = [pytest.mark.docker, pytest.mark.issue(10)]

PORT = 5000
PACE = 200
SECONDS = 6
LATENCY_S = 0.1
TAKEN_OVER_S = 2.0
ROUNDS = [0, *(pytest.param(number, marks=pytest.mark.soak) for number in range(1, 20))]


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    with pair_up("e2e-reconnect", tmp_path_factory.mktemp("stack")) as pair:
        pair.set("--latency", f"{LATENCY_S * 1000:g}ms")
        yield pair


@pytest.mark.parametrize("_", ROUNDS)
def test_it_is_taken_over_again(pair: Pair, _: int) -> None:
    """A stream in each direction continues within 2 s, and no packet is faster than the latency, before or after.

    The control ports answer again, with unchanged conditions; a stalled machine may take a second more.
    """
    address = {client: pair.address(client) for client in ("client1", "client2")}
    heard = {client: pair.traffic(client, "heard", PORT, SECONDS, script="stream.py").ready() for client in address}
    streams = [
        pair.traffic(one, "sent", address[other], PORT, SECONDS - 1, PACE, script="stream.py")
        for one, other in (("client1", "client2"), ("client2", "client1"))
    ]
    time.sleep(1.5)
    gone, back = reconnect(f"synthlab-{pair.name}_default", pair.container("client2"), "--alias", "client2")
    for stream in streams:
        stream.result()
    assert pair.address("client2") == address["client2"]
    for client in address:
        arrivals = heard[client].result()["arrivals"]
        assert min(took for _at, took in arrivals) >= LATENCY_S
        assert len([at for at, _took in arrivals if at < gone]) > PACE / 2
        after = [at for at, _took in arrivals if at > gone + LATENCY_S + 0.1]
        print(f"{client}: goes on {after[0] - back:.2f} s after `connect`, {after[0] - gone:.2f} s after `disconnect`")
        assert after[0] - back < TAKEN_OVER_S
        assert len(after) > PACE
    assert pair.state()["conditions"]["ingress"]["latency"] == "100ms"


@pytest.mark.soak
def test_another_network_is_cut_off(pair: Pair) -> None:
    """Connected to a second network, the client uses the first one only, and its log reports what is cut off."""
    network, container = "e2e-reconnect-a", pair.container("client2")  # sorts first, so Docker would prefer it
    docker("network", "create", network)
    try:
        docker("network", "connect", network, container)
        until(lambda: "is not the conditioned network: cut off" in docker_log(container), 5)
        until(lambda: _default_routes(pair) == ["synth0"], 5)
        assert pair.state()["forwarder"]["state"] == "well"
        docker("network", "disconnect", network, container)
        until(lambda: _default_routes(pair) == ["synth0"], 5)
        assert pair.state()["forwarder"]["state"] == "well"
    finally:
        docker("network", "rm", network)


@pytest.mark.soak
def test_a_forwarder_killed_meanwhile(pair: Pair) -> None:
    """A client restarted without a network works once the network is back."""
    network, container = f"synthlab-{pair.name}_default", pair.container("client2")
    docker("network", "disconnect", network, container)
    os.kill(pair.forwarder("client2"), signal.SIGKILL)
    connect(network, container, "--alias", "client2")
    until(lambda: synthlab("show", "client2", "--lab", pair.name, status=None).returncode == 0, 10)


def _default_routes(pair: Pair) -> list[str]:
    rows = [row.split() for row in pair.read("client2", "/proc/net/route").splitlines()[1:]]
    return [row[0] for row in rows if row[1] == "00000000"]
