"""What happens when the forwarder dies or is stopped: nothing leaks, nothing comes late, and all comes back."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from .pair import Pair, pair_up

pytestmark = pytest.mark.docker

PORT = 5000
ROUNDS = 100  # of one unicast, one broadcast and one multicast datagram through each interface


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    with pair_up("e2e-death", tmp_path_factory.mktemp("stack")) as pair:
        yield pair


@contextmanager
def dead_forwarder(pair: Pair) -> Iterator[None]:
    """client2 without a forwarder: PID 1, which would restart it, is stopped meanwhile."""
    init = pair.pid("client2")
    os.kill(init, signal.SIGSTOP)
    try:
        os.kill(pair.forwarder("client2"), signal.SIGKILL)
        yield
    finally:
        os.kill(init, signal.SIGCONT)


def test_the_two_clients_hear_each_other_at_all(pair: Pair) -> None:
    """The control for the leak test: with the forwarder alive, all three kinds of traffic arrive, on synth0 only."""
    for sender, receiver in [("client1", "client2"), ("client2", "client1")]:
        listening = pair.traffic(receiver, "listen", 6, PORT).ready()
        pair.traffic(sender, "shout", ROUNDS, pair.address(receiver), PORT).result()
        heard = listening.result()["heard"]
        assert heard.pop("synth0") > ROUNDS * 3 * 0.9
        assert set(heard.values()) == {0}


def test_nothing_passes_without_a_forwarder(pair: Pair) -> None:
    """Dead forwarder: no unicast, broadcast or multicast gets in or out, by whichever interface it is sent."""
    with dead_forwarder(pair):
        for sender, receiver in [("client1", "client2"), ("client2", "client1")]:
            listening = pair.traffic(receiver, "listen", 6, PORT).ready()
            shouted = pair.traffic(sender, "shout", ROUNDS, pair.address(receiver), PORT).result()
            assert shouted["sent"] >= ROUNDS
            assert set(listening.result()["heard"].values()) == {0}


def test_a_killed_forwarder_is_back_within_a_second_with_the_same_conditions(pair: Pair) -> None:
    """Less than a second of traffic is missing; `ps` counts the restart; conditions and seed are those of before."""
    pair.set("--latency", "30ms")
    before = pair.state()
    sink = pair.traffic("client2", "sink", PORT, 30).ready()
    sending = pair.traffic("client1", "send", pair.address("client2"), PORT, 2500, 500, 100)
    time.sleep(2)
    os.kill(pair.forwarder("client2"), signal.SIGKILL)
    sending.result()
    arrived = sink.result()
    assert 2000 < arrived["received"] < 2500
    assert arrived["delays_ms"][0] > 30
    after = pair.state()
    assert after["conditions"] == before["conditions"]
    assert after["forwarder"]["restarts"] == before["forwarder"]["restarts"] + 1
    (shown,) = [row for row in pair.rows() if row["client"] == "client2"]
    assert shown["forwarder_restarts"] == after["forwarder"]["restarts"]
    pair.reset()


def test_nothing_comes_late_after_a_stop(pair: Pair) -> None:
    """Stopped for 3 s and continued: what waited is dropped as stalled, nothing comes over 0.1 s after it was due."""
    pair.set("--ingress", "--latency", "50ms")
    forwarder = pair.forwarder("client2")
    sink = pair.traffic("client2", "sink", PORT, 30, 5).ready()
    sending = pair.traffic("client1", "send", pair.address("client2"), PORT, 3000, 500, 100)
    time.sleep(1.5)
    os.kill(forwarder, signal.SIGSTOP)
    time.sleep(3)
    os.kill(forwarder, signal.SIGCONT)
    sending.result()
    arrived = sink.result()
    assert 1000 < arrived["received"] < 2000  # about half of 6 s of traffic
    # 50 ms of latency, 100 ms of grace, and the receiver's own time to wake up
    assert arrived["delays_ms"][-1] < 50 + 100 + 20
    assert pair.state()["links"]["ingress"]["dropped"]["stalled"] > 1000
    pair.reset()


def test_a_paused_container_comes_back_clean(pair: Pair) -> None:
    """`docker pause` for 2 s: nothing that waited meanwhile comes out."""
    container = pair.container("client2")
    sink = pair.traffic("client2", "sink", PORT, 30, 5).ready()
    sending = pair.traffic("client1", "send", pair.address("client2"), PORT, 2000, 500, 100)
    time.sleep(1)
    subprocess.run(["docker", "pause", container], check=True, capture_output=True)
    time.sleep(2)
    subprocess.run(["docker", "unpause", container], check=True, capture_output=True)
    sending.result()
    arrived = sink.result()
    assert 700 < arrived["received"] < 1300
    assert pair.state()["links"]["ingress"]["dropped"]["stalled"] > 700
