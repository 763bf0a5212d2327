"""The prober's process: tries each probe at its own pace, and sends the numbers to the API."""

from __future__ import annotations

import asyncio
import encodings.idna  # noqa: F401 - else the first lookup of a host name would load it
import json
import socket
from collections.abc import Sequence
from contextlib import suppress

from ..heartbeat import Pulse
from .attempt import attempt
from .loop_watch import LoopWatch
from .numbers import ProbeNumbers
from .probe import Probe

PUBLISHED_S = 1.0
"""How often numbers are sent at least: whoever gets none for longer knows that nobody measures."""


def main(probes: Sequence[Probe], results: socket.socket, pulse: Pulse) -> None:
    """Probe until killed."""
    asyncio.run(_probe(probes, results, pulse))


async def _probe(probes: Sequence[Probe], results: socket.socket, pulse: Pulse) -> None:
    loop = asyncio.get_running_loop()
    loop.add_reader(pulse.fileno(), pulse.answer)
    lateness = LoopWatch(loop)
    pacers = [_Pacer(probe, results, lateness) for probe in probes]
    # Not all at once: they would measure each other.
    delays = [pacer.probe.interval_s * number / len(pacers) for number, pacer in enumerate(pacers)]
    await asyncio.gather(
        *(pacer.run(delay) for pacer, delay in zip(pacers, delays, strict=True)),
        *(pacer.publish_often() for pacer in pacers),
    )


class _Pacer:
    """One probe. Tries begin at a fixed pace, whether or not earlier ones are answered: a slow answer hides nothing."""

    def __init__(self, probe: Probe, results: socket.socket, lateness: LoopWatch) -> None:
        self.probe = probe
        self._results = results
        self._lateness = lateness
        self._loop = asyncio.get_running_loop()
        self._numbers = ProbeNumbers(probe.kind, probe.interval_s)
        self._under_way: set[asyncio.Task[None]] = set()

    async def run(self, delay_s: float) -> None:
        due = self._loop.time() + delay_s
        while True:
            await asyncio.sleep(due - self._loop.time())
            task = self._loop.create_task(self._try())
            self._under_way.add(task)
            task.add_done_callback(self._under_way.discard)
            # After a pause of the container the missed tries are not made up for.
            due = max(due + self.probe.interval_s, self._loop.time())

    async def publish_often(self) -> None:
        while True:
            self._publish()
            await asyncio.sleep(PUBLISHED_S)

    async def _try(self) -> None:
        outcome = await attempt(self.probe, self._lateness)
        self._numbers.add(outcome, self._loop.time())
        self._publish()

    def _publish(self) -> None:
        now = self._loop.time()
        message = {"name": self.probe.name, "kind": self.probe.kind, "at": now, "values": self._numbers.values(now)}
        # While the API does not read, what it misses is sent again a second later.
        with suppress(BlockingIOError):
            self._results.send(json.dumps(message).encode())
