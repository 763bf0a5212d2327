"""A lab whose applications have IPv6 only: no IPv4, conditions and flows, and control."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.request import urlopen

import pytest

from .labs import docker
from .pair import Pair, Traffic, pair_up

pytestmark = pytest.mark.docker

PORT = 5000
STRANGERS = 10  # the host's own packets, such as IGMP reports, that may be dropped too
API_PORT = 80


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    with pair_up("e2e-ipv6", tmp_path_factory.mktemp("stack"), "ipv6", "allow: [client1]\n") as pair:
        yield pair


def test_the_application_has_no_ipv4(pair: Pair) -> None:
    """Only loopback has an IPv4 address, and any IPv4 connection fails at once."""
    shown = pair.traffic("client2", "interfaces").result()
    assert shown == {"ipv4": ["lo"], "ipv6": ["lo", "synth0"]}
    for host in (pair.address("client1"), pair.network("client2")["Gateway"], "192.0.2.1"):
        answer = pair.traffic("client2", "refusal", host, PORT).result()
        assert answer["errors"] == {"SOCK_STREAM": "ENETUNREACH", "SOCK_DGRAM": "ENETUNREACH"}
        assert answer["seconds"] < 0.5


def test_a_name_resolves_to_reachable_addresses(pair: Pair) -> None:
    """A name resolves to an IPv6 address only, as applications ask; trying all of its addresses connects."""
    for name in ("client1", "client2"):
        found = pair.traffic("client2", "resolve", name, "usable").result()["addresses"]
        assert found == [pair.address(name, 6)]
    served = pair.traffic("client1", "serve", PORT, 10).ready()
    pair.traffic("client2", "stream", "client1", PORT, 2).result()
    assert served.result()["received"] > 0


def test_ipv4_of_a_neighbour_is_dropped_and_counted(pair: Pair) -> None:
    """Packets of an ordinary container never arrive over IPv4, but do over IPv6."""
    with _neighbour(pair) as neighbour:
        for family, arrives in ((4, 0), (6, 200)):
            before = pair.drops("client2")
            sink = pair.traffic("client2", "sink", PORT).ready()
            Traffic(neighbour, "send", pair.address("client2", family), PORT, 200, 500, 100).result()
            received = sink.result()["received"]
            dropped = pair.drops("client2") - before
            late = dropped["stalled"] + dropped["kernel"]  # late packets are dropped without being classified
            assert arrives - late <= received <= arrives
            assert 200 - arrives - late <= dropped["closed"] <= 200 - arrives + STRANGERS


@pytest.mark.issue(10)
def test_a_forged_router_advertisement(pair: Pair) -> None:
    """It changes no address or route of any interface, also in a network with IPv6."""
    files = ("/proc/net/if_inet6", "/proc/net/ipv6_route")
    before = [pair.read("client2", file) for file in files]
    with _neighbour(pair) as neighbour:
        mac = pair.network("client2")["MacAddress"]
        assert Traffic(neighbour, "advertise", mac, script="intruder.py").result()["sent"] == 10
    after = [pair.read("client2", file) for file in files]
    assert [_without_counts(text) for text in after] == [_without_counts(text) for text in before]
    assert "20010db8" not in after[0]
    for interface in ("eth0", "synth0", "synth0-out", "default"):
        assert pair.read("client2", f"/proc/sys/net/ipv6/conf/{interface}/accept_ra").strip() == "0"


@pytest.mark.issue(10)
def test_addresses_are_settled_when_the_application_starts(pair: Pair) -> None:
    """Its addresses never change after the start: a browser would abort what it loads.

    An address still in duplicate detection (RFC 4862, 5.4) would change within two seconds.
    """
    script = (Path(__file__).parent / "traffic.py").read_text()
    made = ["--cap-add", "NET_ADMIN", "--cap-add", "NET_RAW", "--sysctl", "net.ipv6.conf.default.disable_ipv6=0"]
    made += ["--network", f"synthlab-{pair.name}_default"]
    answer = json.loads(docker("run", "--rm", *made, "syntheticnet", "python3", "-c", script, "changes", "3"))
    assert answer["changes"] == []
    assert any(address.startswith("fe80") for address in answer["addresses"])


@pytest.mark.parametrize("by", ["name", "address"])
def test_conditions_and_flows(pair: Pair, by: str) -> None:
    """Loss and latency of a flow by name or IPv6 address affect what client1 sends, and nothing it receives."""
    host = "client1" if by == "name" else f"[{pair.address('client1', 6)}]"
    pair.set("--flow", f"{host}:udp", "--ingress", "--loss", "100%")
    assert _arrived(pair, "client1", "client2") == 0
    before = pair.late()
    assert 300 - _arrived(pair, "client2", "client1") <= pair.late() - before < 100
    pair.set("--flow", f"{host}:udp", "--ingress", "--loss", "0%", "--latency", "80ms")
    echo = pair.traffic("client1", "echo", PORT).ready()
    times = pair.traffic("client2", "rtt", pair.address("client1", 6), PORT, 20).result()["rtt_ms"]
    echo.result()
    assert 80 <= sorted(times)[10] < 100


def test_rate(pair: Pair) -> None:
    """A TCP stream over IPv6 gets between 80 and 100 % of the rate."""
    pair.set("--ingress", "--rate", "2mbit", "--queue", "20p")
    serving = pair.traffic("client2", "serve", PORT, 30).ready()
    sending = pair.traffic("client1", "stream", pair.address("client2", 6), PORT, 6)
    received = serving.result()["received"]
    sending.result()
    assert 0.8 < received * 8 / 6 / 2e6 < 1.0


def test_who_has_access(pair: Pair) -> None:
    """The host has access through its ports, also at 100 % loss, allowed clients over IPv6, and nobody else."""
    pair.set("--loss", "100%")
    (row,) = [row for row in pair.rows() if row["client"] == "client2"]
    with urlopen(f"{row['api']}/v1/health", timeout=5) as answer:
        assert json.load(answer) == {"healthy": True}
    assert _eventually_connects(pair, "client1", "client2")
    assert pair.traffic("client2", "try_tcp", pair.address("client1", 6), API_PORT).result()["outcome"] != "connected"


@contextmanager
def _neighbour(pair: Pair) -> Iterator[str]:
    """An ordinary container in the lab's network, with IPv4 and IPv6."""
    where = ["--network", f"synthlab-{pair.name}_default", "--entrypoint", "sleep"]
    container = docker("run", "--rm", "--detach", "--init", *where, "syntheticnet", "600").strip()
    try:
        yield container
    finally:
        docker("rm", "--force", container)


def _without_counts(table: str) -> list[list[str]]:
    """Sorted rows of addresses or routes, without usage counts."""
    return sorted([*row.split()[:6], row.split()[-1]] for row in table.splitlines())


def _arrived(pair: Pair, sender: str, receiver: str) -> int:
    """How many of 300 datagrams arrive over IPv6."""
    sink = pair.traffic(receiver, "sink", PORT).ready()
    pair.traffic(sender, "send", pair.address(receiver, 6), PORT, 300, 1000, 100).result()
    return int(sink.result()["received"])


def _eventually_connects(pair: Pair, client: str, other: str) -> bool:
    """Whether a client reaches the other's control port over IPv6, after resolving its name there."""
    deadline = time.monotonic() + 12
    while time.monotonic() < deadline:
        if pair.traffic(client, "try_tcp", pair.address(other, 6), API_PORT).result()["outcome"] == "connected":
            return True
    return False
