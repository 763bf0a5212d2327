"""What happens when the forwarder dies or is stopped: nothing comes late, and all comes back."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator

import pytest

from .pair import Pair, pair_up

pytestmark = pytest.mark.docker

PORT = 5000


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    with pair_up("e2e-death", tmp_path_factory.mktemp("stack")) as pair:
        yield pair


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
