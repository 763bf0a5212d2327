"""Bottleneck: the base of Rate and RateTrace: a queue, and departures computed up to a leaving time."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping

from ..conditions import LinkConditions
from ..packets.packet import Packet
from .codel import CodelQueue
from .droptail import DropTail
from .element import ElementContext, Popped
from .fq_codel import FqCodelQueue
from .pie import PieQueue
from .queue import Queue

QUEUES: Mapping[str, type[Queue]] = {
    "droptail": DropTail,
    "codel": CodelQueue,
    "fq_codel": FqCodelQueue,
    "pie": PieQueue,
}
"""The kinds of queue by the value of `aqm`."""

DEPENDS_ON = (
    "rate_bps",
    "burst_bytes",
    "rate_trace",
    "queue",
    "overhead_bytes",
    "cell_bytes",
    "cell_overhead_bytes",
    "aqm",
    "codel_target_ns",
    "codel_interval_ns",
    "fq_quantum_bytes",
    "fq_flows",
    "pie_target_ns",
    "pie_update_ns",
    "pie_burst_ns",
    "pie_ecn_threshold",
    "ecn",
)
"""Rate and RateTrace share the list: a flow with its own rate must not pass its link's trace as well."""


class Bottleneck(ABC):
    """Packets wait in a queue; the subclass decides when bytes may leave."""

    def __init__(self, context: ElementContext) -> None:
        self._context = context
        self.queue: Queue = DropTail(context)
        self.departed: list[Packet] = []
        self.due = 0
        """While the queue is not empty: when its head departs (Rate), or when its next bytes may leave (RateTrace)."""

    @abstractmethod
    def serve(self, now: int) -> None:
        """Move every packet that has left by `now` from the queue to `departed`."""

    @abstractmethod
    def begin(self, now: int) -> None:
        """Start serving a new head of the queue, no earlier than `now`."""

    @abstractmethod
    def configure(self, values: LinkConditions, now: int) -> None:
        """See Element."""

    def push(self, packets: list[Packet]) -> None:
        line, admit = self.queue.line, self.queue.admit
        for packet in packets:
            time = packet.time
            # Drain before admitting: a batch read after a late wake-up holds packets that arrived ms apart. Without
            # this they would look like one burst, and overflow a short queue that was never full.
            if line and self.due <= time:
                self.serve(time)
            if admit(packet) and len(line) == 1:
                self.begin(time)

    def pop(self, now: int) -> Popped:
        self.serve(now)
        departed, self.departed = self.departed, []
        return departed, []

    def deadline(self) -> int | None:
        if self.departed:
            return self.departed[0].time
        return self.due if self.queue.line else None

    def slack(self) -> int:
        return 0

    def restart(self) -> None:
        self.queue.restart()

    def migrate_out(self, leaves: Callable[[Packet], bool]) -> list[Packet]:
        serving = self.queue.serving
        leaving = self.queue.remove(leaves)
        # If the packet in service left, perhaps half sent, the next is served as if it had never been there.
        if self.queue.serving is not serving and self.queue.line:
            self.begin(next(iter(self.queue.line)).time)
        return leaving

    def migrate_in(self, packets: list[Packet], now: int) -> None:
        for packet in packets:
            self.queue.take_over(packet)
            if len(self.queue.line) == 1:
                self.begin(now)

    def use(self, values: LinkConditions, rate_bps: float) -> None:
        """Queue as `values` say, at an average of `rate_bps`; what waits, and what is half sent, stays so."""
        make = QUEUES[values.aqm or "droptail"]
        before = self.queue
        if type(before) is not make:
            self.queue = make(self._context)
        self.queue.set(values, rate_bps)
        if self.queue is not before:
            self.queue.succeed(before)

    def __len__(self) -> int:
        return len(self.queue.line) + len(self.departed)
