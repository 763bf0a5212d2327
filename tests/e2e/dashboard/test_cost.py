"""What watching costs: the CPU time of the server of the lab API, with a lab of four clients and its streams open."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import ExitStack, suppress

import httpx
import pytest

from ...dashboard.served import events
from ..footprint import cpu_seconds
from ..labs import lab_up
from .server import Server, descendants, serving

pytestmark = [pytest.mark.docker, pytest.mark.soak, pytest.mark.issue(12)]

NAME = "e2e-dashboard-cost"
STACK = f"name: {NAME}\nclients:\n  client: {{image: syntheticnet, count: 4}}\n"
SETTLE_S, LASTS_S = 5.0, 30.0
MOST_SHARE = 0.03
"""Of one core."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("cost")
    (folder / "lab.yaml").write_text(STACK)
    with lab_up(NAME, folder / "lab.yaml", "--ttl", "15min"), serving(folder) as server:
        yield server


def watched(server: Server, readers: int) -> float:
    """The share of a core that the server and its children use while so many streams of the lab's events are read."""
    with ExitStack() as streams:
        for _ in range(readers):
            answer = streams.enter_context(server.http.stream("GET", f"/v1/labs/{NAME}/events"))
            lines = answer.iter_lines()
            event, _ = next(events(lines))
            assert event == "lab"
            threading.Thread(target=_drain, args=(lines,), daemon=True).start()
        time.sleep(SETTLE_S)
        pids = [server.process.pid, *descendants(server.process.pid)]
        before, begun = cpu_seconds(pids), time.monotonic()
        time.sleep(LASTS_S)
        return (cpu_seconds(pids) - before) / (time.monotonic() - begun)


def _drain(lines: Iterator[str]) -> None:
    with suppress(httpx.StreamError, httpx.TransportError):
        deque(lines, maxlen=0)


def test_cpu(server: Server) -> None:
    """With four clients the server uses at most 3 % of a core, whether one reads the lab's events or twenty do."""
    shares = {readers: watched(server, readers) for readers in (0, 1, 20)}
    print("share of a core by readers:", {readers: f"{share:.2%}" for readers, share in shares.items()})
    assert shares[0] < shares[1]
    assert max(shares.values()) <= MOST_SHARE
