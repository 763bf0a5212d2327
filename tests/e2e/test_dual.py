"""A lab with IPv4 and IPv6: names, flows that name a client, and control, over both."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from .pair import Pair, pair_up

pytestmark = pytest.mark.docker

PORT = 5000
API_PORT = 80


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    with pair_up("e2e-dual", tmp_path_factory.mktemp("stack"), "dual") as pair:
        yield pair


def test_a_name_has_an_address_of_each(pair: Pair) -> None:
    """Names of another client and of itself resolve to an IPv4 and an IPv6 address."""
    for client in ("client1", "client2"):
        for name in ("client1", "client2"):
            found = pair.traffic(client, "resolve", name).result()["addresses"]
            assert found == sorted([pair.address(name, 4), pair.address(name, 6)])


@pytest.mark.parametrize("direction", ["ingress", pytest.param("egress", marks=pytest.mark.soak)])
def test_a_flow_by_name_matches_both(pair: Pair, direction: str) -> None:
    """A flow that names a client matches packets from and to both of its addresses."""
    flow = "client1:udp"
    pair.set("--flow", flow, f"--{direction}", "--loss", "100%")
    sender, receiver = ("client1", "client2") if direction == "ingress" else ("client2", "client1")
    for family in (4, 6):
        before, late = pair.state()["flows"][flow][direction]["packets_in"], pair.late()
        sink = pair.traffic(receiver, "sink", PORT).ready()
        pair.traffic(sender, "send", pair.address(receiver, family), PORT, 500, 1000, 100).result()
        assert sink.result()["received"] == 0
        came = pair.state()["flows"][flow][direction]["packets_in"] - before
        assert 500 - (pair.late() - late) <= came <= 500


@pytest.mark.parametrize("family", [4, 6])
def test_only_the_host_reaches_the_control_port(pair: Pair, family: int) -> None:
    """The host reaches the API at 100 % loss over IPv4; the port is closed to neighbours over both protocols."""
    address = (pair.address("client2", family), API_PORT)
    refused = pair.traffic("client1", "try_tcp", *address).result()["outcome"]
    assert refused == "TimeoutError"
    pair.set("--loss", "100%")
    with socket.socket(socket.AF_INET if family == 4 else socket.AF_INET6) as knocker:
        knocker.settimeout(5)
        assert (knocker.connect_ex(address) == 0) == (family == 4)


def test_localhost_is_the_api_to_the_application(pair: Pair) -> None:
    """`localhost` resolves to ::1 first, where nothing listens; falling back to 127.0.0.1 works."""
    assert pair.traffic("client2", "fetch", f"http://localhost:{API_PORT}/v1/health").result() == {"healthy": True}
