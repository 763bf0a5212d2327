"""Reorder: lets later packets overtake a share of packets.

tc-netem's `reorder` lets a share skip the delay of the others. Here a packet is held back instead: no delay is needed,
and the number of packets that overtake it is exact (the n-reordering of RFC 4737, section 5).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import ClassVar

from ..conditions import LinkConditions
from ..packets.packet import Packet
from .chance import Chance
from .element import ElementContext, Popped

MOST_WAIT_NS = 100_000_000


class Reorder:
    """Holds a share of packets until `gap` later ones have passed, for at most 100 ms."""

    depends_on: ClassVar[tuple[str, ...]] = ("reorder", "reorder_gap", "reorder_correlation")

    def __init__(self, values: LinkConditions, context: ElementContext) -> None:
        self._stream = context.rng
        self._held: deque[tuple[int, Packet]] = deque()  # how many had passed on its arrival
        self._passed = 0
        self._departed: list[Packet] = []
        self._set(values)

    @staticmethod
    def enabled(values: LinkConditions) -> bool:
        return bool(values.reorder)

    def push(self, packets: list[Packet]) -> None:
        is_held, held = self._chance.hit, self._held
        for packet in packets:
            # However late the loop is, what had waited long enough by this packet's time left before it.
            if held:
                self._expire(packet.time)
            if is_held():
                held.append((self._passed, packet))
                continue
            self._departed.append(packet)
            self._passed += 1
            if held:
                self._release(packet.time)

    def pop(self, now: int) -> Popped:
        self._expire(now)
        departed, self._departed = self._departed, []
        return departed, []

    def deadline(self) -> int | None:
        if self._departed:
            return self._departed[0].time
        return self._held[0][1].time + MOST_WAIT_NS if self._held else None

    def slack(self) -> int:
        return 0

    def configure(self, values: LinkConditions, now: int) -> None:
        self._expire(now)
        self._set(values)
        self._release(now)

    def restart(self) -> None:
        """Held packets stay held; only new draws use the restarted stream."""
        self._chance.restart()

    def migrate_out(self, leaves: Callable[[Packet], bool]) -> list[Packet]:
        leaving = [packet for _, packet in self._held if leaves(packet)]
        gone = set(leaving)
        self._held = deque(waiting for waiting in self._held if waiting[1] not in gone)
        return leaving

    def migrate_in(self, packets: list[Packet], now: int) -> None:
        """Migrated packets leave now: later packets have overtaken them already."""
        self._expire(now)
        for packet in packets:
            packet.time = now
        self._departed += packets

    def __len__(self) -> int:
        return len(self._held) + len(self._departed)

    def _set(self, values: LinkConditions) -> None:
        self._chance = Chance(self._stream, values.reorder, values.reorder_correlation)
        self._gap = values.reorder_gap or 1 if values.reorder else 0

    def _release(self, now: int) -> None:
        """Release packets that enough later ones have overtaken."""
        held, enough = self._held, self._passed - self._gap
        while held and held[0][0] <= enough:
            _, packet = held.popleft()
            packet.time = max(packet.time, now)
            self._departed.append(packet)

    def _expire(self, now: int) -> None:
        """Release packets that have waited for the maximum time."""
        held = self._held
        while held and held[0][1].time + MOST_WAIT_NS <= now:
            _, packet = held.popleft()
            packet.time += MOST_WAIT_NS
            self._departed.append(packet)
