"""What happens when the forwarder dies or is stopped: nothing comes late, and all comes back."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator

import pytest

from .labs import until
from .pair import Pair, Traffic, pair_up

pytestmark = pytest.mark.docker

PORT = 5000
PACE, COUNT = 500, 4000  # eight seconds of traffic


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    with pair_up("e2e-death", tmp_path_factory.mktemp("stack")) as pair:
        yield pair


def test_a_killed_forwarder_is_back_within_a_second_with_the_same_conditions(pair: Pair) -> None:
    """Less than a second of traffic is missing; `ps` counts the restart; conditions and seed are those of before."""
    pair.set("--latency", "30ms")
    before = pair.state()
    forwarder = pair.forwarder("client2")
    sink, sending = _flowing(pair)
    os.kill(forwarder, signal.SIGKILL)
    sending.result()
    arrived = sink.result()
    assert COUNT - PACE < arrived["received"] < COUNT
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
    before = pair.late()
    sink, sending = _flowing(pair)
    os.kill(forwarder, signal.SIGSTOP)
    stopped = time.monotonic()
    time.sleep(3)
    lasted = time.monotonic() - stopped
    os.kill(forwarder, signal.SIGCONT)
    sending.result()
    arrived = sink.result()
    _assert_dropped(pair.late() - before, lasted, arrived["received"])
    # 50 ms of latency, 100 ms of grace, and the receiver's own time to wake up; what passes at the very end of the
    # grace may meet a receiver that has none. What came when it was continued would be up to three seconds late.
    assert arrived["delays_ms"][-16] < 50 + 100 + 20
    assert arrived["delays_ms"][-1] < 500
    pair.reset()


def test_a_paused_container_comes_back_clean(pair: Pair) -> None:
    """`docker pause` for 2 s: nothing that waited meanwhile comes out."""
    container = pair.container("client2")
    before = pair.late()
    sink, sending = _flowing(pair)
    subprocess.run(["docker", "pause", container], check=True, capture_output=True)
    stopped = time.monotonic()
    time.sleep(2)
    lasted = time.monotonic() - stopped
    subprocess.run(["docker", "unpause", container], check=True, capture_output=True)
    sending.result()
    _assert_dropped(pair.late() - before, lasted, sink.result()["received"])


def _flowing(pair: Pair) -> tuple[Traffic, Traffic]:
    """The receiver and the sender of `COUNT` packets toward client2, of which the first have come there."""
    before = pair.state()["links"]["ingress"]["packets_in"]
    sink = pair.traffic("client2", "sink", PORT, 30, 6).ready()
    sending = pair.traffic("client1", "send", pair.address("client2"), PORT, COUNT, PACE, 100)
    until(lambda: pair.state()["links"]["ingress"]["packets_in"] - before >= 100, 20)
    return sink, sending


def _assert_dropped(late: int, lasted_s: float, received: int) -> None:
    """What was sent in that time is counted as dropped, but for the newest; nothing else is missing."""
    assert late > 0.9 * PACE * (lasted_s - 0.2)
    assert COUNT - received <= late
