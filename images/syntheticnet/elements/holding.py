"""Holding: the base of Hold and DelayTrace: packets wait in order, each until it is due."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable
from typing import ClassVar

from ..conditions import LinkConditions
from ..packets.packet import Packet
from .element import ElementContext, Popped


class Holding(ABC):
    """An effect that holds packets and keeps their order: a packet due before the one ahead of it leaves with that one.

    A subclass defines `depends_on`, `enabled`, `set` and `due`; also `slack` if it holds every packet for some time.
    """

    depends_on: ClassVar[tuple[str, ...]]

    def __init__(self, values: LinkConditions, context: ElementContext) -> None:
        self.context = context
        self.began = 0
        """When the current values were applied; valid whenever `due` is called."""
        self._is_dated = False
        self._held: deque[tuple[int, int, Packet]] = deque()  # due time, arrival time
        self._last_due = 0
        self.set(values)

    @abstractmethod
    def set(self, values: LinkConditions) -> None:
        """Use these values from now on; they may turn the effect off."""

    @abstractmethod
    def due(self, since: int, now: int) -> int:
        """When a packet that arrived at `since`, and whose wait is computed at `now`, may leave."""

    def push(self, packets: list[Packet]) -> None:
        self._date()
        due, last, append = self.due, self._last_due, self._held.append
        for packet in packets:
            since = packet.time
            time = due(since, since)
            if time > last:
                last = time
            append((last, since, packet))
        self._last_due = last

    def pop(self, now: int) -> Popped:
        due: list[Packet] = []
        held = self._held
        while held and held[0][0] <= now:
            time, _, packet = held.popleft()
            packet.time = time
            due.append(packet)
        return due, []

    def deadline(self) -> int | None:
        return self._held[0][0] if self._held else None

    def slack(self) -> int:
        return 0

    def configure(self, values: LinkConditions, now: int) -> None:
        self.set(values)
        self.began, self._is_dated = now, True
        held, self._held = self._held, deque()
        # Forget the old due times: a shorter delay could otherwise not take effect before they have passed.
        self._last_due = now
        for _, since, packet in held:
            self._hold(packet, since, now)

    def restart(self) -> None:  # noqa: B027 - not for children either
        """Such an effect draws no random numbers."""

    def migrate_out(self, leaves: Callable[[Packet], bool]) -> list[Packet]:
        leaving, kept = [], deque[tuple[int, int, Packet]]()
        for waiting in self._held:
            _, since, packet = waiting
            if leaves(packet):
                packet.time = since
                leaving.append(packet)
            else:
                kept.append(waiting)
        self._held = kept
        return leaving

    def migrate_in(self, packets: list[Packet], now: int) -> None:
        self._date()
        self._last_due = max(self._last_due, now)
        for packet in packets:
            self._hold(packet, packet.time, now)

    def __len__(self) -> int:
        return len(self._held)

    def _date(self) -> None:
        if not self._is_dated:
            self.began, self._is_dated = self.context.began(), True

    def _hold(self, packet: Packet, since: int, now: int) -> None:
        self._last_due = max(self.due(since, now), self._last_due)
        self._held.append((self._last_due, since, packet))
