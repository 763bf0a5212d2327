"""Slot: sends packets in bursts, as the MAC of DOCSIS, Wi-Fi or LTE does (tc-netem's `slot`).

A packet that arrives with no slot pending starts the wait for one, of a length drawn uniformly from the range, plus a
draw from the distribution of its jitter, at least 0. All packets that arrive until then leave in that slot, up to its
limits; the rest wait for the next one.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable
from typing import ClassVar

from ..conditions import LinkConditions
from ..conditions.units import Span
from ..packets.packet import Packet
from .distribution import named
from .element import ElementContext, Popped

_NONE = Span(0, 0)


class Slot:
    """Holds packets, in order, until the next slot. A packet longer than the byte limit gets a slot to itself."""

    depends_on: ClassVar[tuple[str, ...]] = (
        "slot",
        "slot_jitter_ns",
        "slot_distribution",
        "slot_packets",
        "slot_bytes",
    )

    def __init__(self, values: LinkConditions, context: ElementContext) -> None:
        self._stream = context.rng
        self._waiting: deque[Packet] = deque()
        self._departed: list[Packet] = []
        self._since = self._due = -1  # start of the wait for the current slot, and its time
        self._share = self._deviation = 0.0  # the draws that determine the wait
        self._packets_sent = self._bytes_sent = 0  # in the current slot
        self._set(values)

    @staticmethod
    def enabled(values: LinkConditions) -> bool:
        return values.slot is not None and (values.slot.most_ns > 0 or bool(values.slot_jitter_ns))

    def push(self, packets: list[Packet]) -> None:
        for packet in packets:
            time = packet.time
            if self._due < time:
                self._serve(time - 1)  # a packet arriving exactly at a slot goes into it
                if self._due < time:
                    self._wait(time)
            self._waiting.append(packet)

    def pop(self, now: int) -> Popped:
        self._serve(now)
        departed, self._departed = self._departed, []
        return departed, []

    def deadline(self) -> int | None:
        if self._departed:
            return self._departed[0].time
        return self._due if self._waiting else None

    def slack(self) -> int:
        return 0

    def configure(self, values: LinkConditions, now: int) -> None:
        self._serve(now)
        self._set(values)
        if self._waiting:
            # Keep the draw: a new draw on each change would let frequent changes put a slot off again and again.
            self._due = max(now, self._since + self._spacing())

    def restart(self) -> None:
        """The restarted stream applies from the next slot on."""
        self._draw_by(self._values)

    def migrate_out(self, leaves: Callable[[Packet], bool]) -> list[Packet]:
        leaving = [packet for packet in self._waiting if leaves(packet)]
        gone = set(leaving)
        self._waiting = deque(packet for packet in self._waiting if packet not in gone)
        return leaving

    def migrate_in(self, packets: list[Packet], now: int) -> None:
        self._serve(now)
        if not self._waiting and self._due < now:
            self._wait(now)
        self._waiting += packets

    def __len__(self) -> int:
        return len(self._waiting) + len(self._departed)

    def _set(self, values: LinkConditions) -> None:
        self._values = values
        self._span = values.slot or _NONE
        self._jitter = (values.slot_jitter_ns or 0) if values.slot else 0
        self._draw_by(values)
        self._most_packets = values.slot_packets or math.inf
        self._most_bytes = values.slot_bytes or math.inf

    def _draw_by(self, values: LinkConditions) -> None:
        self._random = self._stream.random
        self._deviate = named(values.slot_distribution, self._random).draw

    def _spacing(self) -> int:
        least, most = self._span.least_ns, self._span.most_ns
        return max(0, least + round(self._share * (most - least) + self._jitter * self._deviation))

    def _wait(self, since: int) -> None:
        """Draw the next slot."""
        self._since, self._share = since, self._random()
        self._deviation = self._deviate() if self._jitter else 0.0
        self._due = since + self._spacing()
        self._packets_sent = self._bytes_sent = 0

    def _serve(self, now: int) -> None:
        """Release all packets whose slot is due by `now`."""
        waiting = self._waiting
        while waiting and self._due <= now:
            packet = waiting[0]
            if self._is_full(packet):
                self._wait(self._due)
                continue
            waiting.popleft()
            packet.time = self._due
            self._packets_sent += 1
            self._bytes_sent += packet.size
            self._departed.append(packet)

    def _is_full(self, packet: Packet) -> bool:
        sent = self._packets_sent
        return sent > 0 and (sent >= self._most_packets or self._bytes_sent + packet.size > self._most_bytes)
