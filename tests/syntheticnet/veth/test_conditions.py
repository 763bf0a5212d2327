"""The effect of conditions on real packets, counted at the receiver; five standard errors of tolerance."""

from __future__ import annotations

import time
from math import sqrt
from random import Random
from statistics import median, quantiles

import pytest

from syntheticnet.forwarder.port import Frame

from .lanes import undisturbed
from .traffic import (
    bytes_within,
    connected,
    delays_ms,
    drained,
    is_even,
    number,
    numbered,
    paced,
    round_trips_ms,
    transferred,
)
from .world import BOTH, Side, World, other, settle

pytestmark = pytest.mark.veth

DIRECTIONS = {"client": "egress", "server": "ingress"}
MANY = 50_000


def test_loss_takes_its_share_each_way(world: World) -> None:
    """Of 50,000 datagrams each way 5 % are lost, and arrivals plus counted drops equal those sent."""
    world.configure(egress={"loss": "5%"}, ingress={"loss": "5%"})
    before = world.report()["links"]
    pairs = {side: world.udp_pair(side) for side in BOTH}
    received = dict.fromkeys(BOTH, 0)

    def send(n: int) -> None:
        for side, (away, toward) in pairs.items():
            away.send(b"x" * 32)
            if n % 50 == 0:
                received[side] += len(drained(toward))

    paced(MANY, 10_000, send)
    time.sleep(0.5)
    after = world.report()["links"]
    for side, (away, toward) in pairs.items():
        received[side] += len(drained(toward))
        now, then = after[DIRECTIONS[side]], before[DIRECTIONS[side]]
        lost = now["dropped"]["loss"] - then["dropped"].get("loss", 0)
        stalled = now["dropped"].get("stalled", 0) - then["dropped"].get("stalled", 0)
        overflown = now["dropped"].get("kernel", 0) - then["dropped"].get("kernel", 0)
        came = now["packets_in"] - then["packets_in"]
        assert came >= MANY
        # Without latency, packets can only be stalled on arrival.
        assert abs(lost - 0.05 * (came - overflown - stalled)) < 5 * sqrt(came * 0.05 * 0.95)
        assert received[side] == pytest.approx(MANY - lost - stalled - overflown, abs=20)  # ARP and the like
        away.close()
        toward.close()


def test_latency_adds_to_the_round_trip(world: World) -> None:
    """80 ms each way add 160 ms to the round trip of the unconditioned path, within 1 ms."""

    def measured(**conditions: dict[str, str]) -> list[float]:
        world.configure(**conditions)
        return round_trips_ms(world)

    plain = undisturbed(world, measured)
    delayed = undisturbed(world, lambda: measured(egress={"latency": "80ms"}, ingress={"latency": "80ms"}))
    assert min(len(plain), len(delayed)) >= 50
    # Lower quartiles: a busy machine only ever adds to a round trip.
    assert quantiles(delayed)[0] - quantiles(plain)[0] == pytest.approx(160, abs=1)
    assert min(delayed) >= 160


def test_rate_of_datagrams(world: World) -> None:
    """At 1 mbit each way a flood of 2 mbit arrives at 1 mbit over 5 s, within 3 %."""
    limited = {"rate": "1mbit", "queue": "2s"}  # long enough not to drain while the test itself stalls
    pairs = {side: world.udp_pair(side) for side in BOTH}

    def send(n: int) -> None:
        for away, _ in pairs.values():
            away.send(numbered(n, 958))

    def run() -> list[list[Frame]]:
        world.configure(egress=limited, ingress=limited)
        with world.capture("client") as at_client, world.capture("server") as at_server:
            paced(1450, 250, send)
            return [at_client(), at_server()]

    for frames in undisturbed(world, run):
        assert bytes_within(frames, 0.5, 5) == pytest.approx(625_000, rel=0.03)
    for away, toward in pairs.values():
        away.close()
        toward.close()


@pytest.mark.parametrize("sender", BOTH)
def test_rate_of_a_stream(world: World, sender: Side) -> None:
    """A TCP stream fills the 1 mbit of its direction over 5 s, within 3 %."""

    def run() -> list[Frame]:
        world.configure(**{DIRECTIONS[sender]: {"rate": "1mbit"}})
        with connected(world, sender) as (away, toward), world.capture(other(sender)) as taken:
            transferred(away, toward, bytes(4_000_000), seconds=6.2)
            return taken()

    assert bytes_within(undisturbed(world, run), 1, 5) == pytest.approx(625_000, rel=0.03)


def test_jitter_reorders_nothing(world: World) -> None:
    """Datagrams 1 ms apart with 20 ms of jitter arrive in order, each after 20 to 60 ms plus its wait for others."""
    world.configure(egress={"latency": "40ms", "jitter": "20ms"})
    before = stalled(world)
    away, toward = world.udp_pair("client")
    with away, toward, world.capture("server") as taken:
        paced(1000, 1000, lambda n: away.send(numbered(n)))
        time.sleep(0.2)
        delays = delays_ms(taken())
        numbers = [number(datagram) for datagram in drained(toward)]
    assert numbers == sorted(numbers)
    assert len(numbers) >= 1000 - (stalled(world) - before)
    assert min(delays.values()) >= 20
    assert 40 < median(delays.values()) < 70
    assert max(delays.values()) - min(delays.values()) > 15


def test_a_flow_stops_alone(world: World) -> None:
    """With 100 % loss on `*:udp` no datagram arrives, while TCP loses nothing."""
    world.configure(flows={"*:udp": {"egress": {"loss": "100%"}, "ingress": {"loss": "100%"}}})
    before = world.report()["flows"]["default"]
    content = Random(1).randbytes(1_000_000)
    for side in BOTH:
        away, toward = world.udp_pair(side)
        with away, toward, connected(world, side) as (sender, receiver):
            for n in range(200):
                away.send(numbered(n))
            assert transferred(sender, receiver, content) == content
            assert drained(toward) == []
    report = world.report()
    for direction in ("egress", "ingress"):
        assert report["flows"]["*:udp"][direction]["dropped"]["loss"] >= 200
        now, then = (flow[direction]["dropped"].get("loss") for flow in (report["flows"]["default"], before))
        assert now == then


def test_live_changes_lose_and_reorder_nothing(world: World) -> None:
    """Latency from 500 ms to 20 ms to 0 under traffic: all datagrams arrive in order, by the latency at the time."""
    changes = {700: {"egress": {"latency": "20ms"}}, 1200: {}}
    world.configure(egress={"latency": "500ms"})
    before = stalled(world)
    away, toward = world.udp_pair("client")

    def send(n: int) -> None:
        away.send(numbered(n))
        if n in changes:
            world.configure(**changes[n])

    with away, toward, world.capture("server") as taken:
        paced(1700, 1000, send)
        time.sleep(0.3)
        delays = delays_ms(taken())
        numbers = [number(datagram) for datagram in drained(toward)]
    assert numbers == sorted(numbers)
    assert len(numbers) >= 1700 - (stalled(world) - before)
    assert min(delay for n, delay in delays.items() if n < 100) >= 500
    assert median(delay for n, delay in delays.items() if 800 < n < 1150) == pytest.approx(20, abs=3)
    assert median(delay for n, delay in delays.items() if n > 1300) < 5


def stalled(world: World) -> int:
    """Packets dropped as stalled in both directions since the start."""
    return sum(link["dropped"].get("stalled", 0) for link in world.report()["links"].values())


def test_everything_settles(world: World) -> None:
    """After traffic under conditions nothing is held, and the counters balance."""
    world.configure(egress={"latency": "50ms", "loss": "20%", "rate": "10mbit"})
    away, toward = world.udp_pair("client")
    with away, toward:
        paced(500, 2000, lambda n: away.send(numbered(n)))
        assert settle(3, lambda: world.report()["links"]["egress"]["queued"] == 0)
    assert is_even(world.report()["links"]["egress"])
