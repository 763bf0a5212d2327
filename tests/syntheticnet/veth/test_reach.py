"""The estimate of what the forwarder reaches, next to what packets cost it."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from syntheticnet.forwarder.reach import FULL_SIZE, reach_bps

from .world import World

pytestmark = [pytest.mark.veth, pytest.mark.issue(15)]

SETTLE_S, SECONDS = 0.3, 1.0
FACTOR = 3
FEW = 5_000


@contextmanager
def flood(world: World) -> Iterator[None]:
    """Full-size datagrams from the client, as fast as a process sends them."""
    away, toward = world.udp_pair("client")
    pid = os.fork()
    if not pid:
        away.setblocking(True)
        payload = bytes(FULL_SIZE - 42)
        while True:
            try:
                away.send(payload)
            except OSError:
                os._exit(1)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        away.close()
        toward.close()


def used_ns(world: World) -> int:
    """The CPU time of the forwarder so far."""
    tasks = Path(f"/proc/{world.forwarder}/task").glob("*/schedstat")
    return sum(int(task.read_text().split()[0]) for task in tasks)


def fastest_bps() -> float:
    """The highest of several estimates: a virtual machine can be half as fast for some tenths of a second."""
    found = []
    for _ in range(10):
        found.append(reach_bps())
        time.sleep(0.1)
    return max(found)


def test_the_estimate_is_near_what_packets_cost(world: World) -> None:
    """Within a factor of three, as the cost of a packet itself varies with how many come at once."""
    world.configure(egress={"rate": "10gbit", "latency": "1ms"})
    with flood(world):
        time.sleep(SETTLE_S)
        before, used = world.report()["links"]["egress"]["packets_out"], used_ns(world)
        time.sleep(SECONDS)
        count = world.report()["links"]["egress"]["packets_out"] - before
        used = used_ns(world) - used
    estimated = fastest_bps()
    measured = FULL_SIZE * 8 * 1e9 / (used / count)
    print(f"estimate {estimated / 1e6:.0f} Mbit/s, {count} packets cost as much as {measured / 1e6:.0f} Mbit/s")
    assert count > FEW
    assert estimated / FACTOR < measured < estimated * FACTOR
    world.configure()
