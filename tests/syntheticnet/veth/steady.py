"""Steady traffic in both directions from a separate process, undisturbed by the changes of conditions."""

from __future__ import annotations

import os
import pickle
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .lanes import Arrival, arrivals
from .traffic import numbered, paced
from .world import BOTH, Side, World, other

PER_SECOND = 2000
BEGIN_S = 0.7
SETTLE_S = 0.4
LATE = 0.999


@dataclass(frozen=True)
class Steady:
    """The result of a run: datagrams that arrived at each side, and the number sent."""

    sent: int
    came: dict[Side, list[Arrival]]

    @property
    def lost(self) -> int:
        return sum(self.sent - len({arrival.number for arrival in came}) for came in self.came.values())

    @property
    def late_ms(self) -> float:
        """The 99.9th percentile of all delays."""
        return self.quantile_ms(LATE)

    def quantile_ms(self, share: float) -> float:
        delays = sorted(arrival.delay_ms for came in self.came.values() for arrival in came)
        return delays[int(len(delays) * share)]


def steady(world: World, seconds: float, meanwhile: Callable[[], Any] = lambda: None) -> Steady:
    """Send 2,000 numbered, stamped datagrams per second each way; calls `meanwhile` once they flow."""
    count = int(seconds * PER_SECOND)
    pairs = {side: world.udp_pair(side) for side in BOTH}
    read, write = os.pipe()
    pid = os.fork()
    if not pid:
        _carry(world, pairs, count, write)
    os.close(write)
    try:
        time.sleep(BEGIN_S)
        meanwhile()
        with os.fdopen(read, "rb") as result:
            return Steady(count, pickle.load(result))
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        for pair in pairs.values():
            for end in pair:
                end.close()


def _carry(world: World, pairs: Any, count: int, write: int) -> None:
    """Send and receive; ends this process."""
    try:
        frames: dict[Side, list[Any]] = {side: [] for side in BOTH}
        with world.capture("client") as client, world.capture("server") as server:
            taken = {"client": client, "server": server}

            def send(n: int) -> None:
                for away, _ in pairs.values():
                    away.send(numbered(n))
                if n % 32 == 0:
                    for side in BOTH:
                        frames[side] += taken[side]()

            paced(count, PER_SECOND, send)
            time.sleep(SETTLE_S)
            for side in BOTH:
                frames[side] += taken[side]()
        ports = {"client": pairs["client"][1].getsockname()[1], "server": pairs["server"][0].getsockname()[1]}
        came = {side: arrivals(frames[other(side)], other(side)).get(ports[side], []) for side in BOTH}
        with os.fdopen(write, "wb") as result:
            pickle.dump(came, result)
    finally:
        os._exit(0)
