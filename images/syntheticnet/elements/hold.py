"""Hold: periodically stalls the link, then releases everything at once, as a handover does.

Starlink reassigns paths every 15 s (Mohan et al., "A Multifaceted Look at Starlink Performance", WWW 2024); a Wi-Fi
client that scans other channels is away for some 100 ms each time.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import ClassVar

from ..conditions import LinkConditions
from ..packets.packet import Packet
from .element import ElementContext, Popped

DEFAULT_EVERY_NS = 15 * 10**9


class Hold:
    """Holds packets during the last `hold_ns` of every period; periods start when the values are applied."""

    depends_on: ClassVar[tuple[str, ...]] = ("hold_ns", "hold_every_ns")

    def __init__(self, values: LinkConditions, context: ElementContext) -> None:
        self._held: deque[tuple[int, int, Packet]] = deque()  # due time, arrival time
        self._context = context
        self._set(values, None)

    @staticmethod
    def enabled(values: LinkConditions) -> bool:
        return bool(values.hold_ns)

    def push(self, packets: list[Packet]) -> None:
        for packet in packets:
            self._held.append((self._due(packet.time), packet.time, packet))

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
        self._set(values, now)
        self._held = deque((self._due(max(since, now)), since, packet) for _, since, packet in self._held)

    def restart(self) -> None:
        """A hold draws no random numbers."""

    def migrate_out(self, leaves: Callable[[Packet], bool]) -> list[Packet]:
        leaving, kept = [], deque[tuple[int, int, Packet]]()
        for due, since, packet in self._held:
            if leaves(packet):
                packet.time = since
                leaving.append(packet)
            else:
                kept.append((due, since, packet))
        self._held = kept
        return leaving

    def migrate_in(self, packets: list[Packet], now: int) -> None:
        for packet in packets:
            self._held.append((self._due(now), packet.time, packet))

    def __len__(self) -> int:
        return len(self._held)

    def _set(self, values: LinkConditions, now: int | None) -> None:
        self._hold = values.hold_ns or 0
        self._every = values.hold_every_ns or DEFAULT_EVERY_NS
        self._began = now

    def _due(self, time: int) -> int:
        """When a packet that arrived at `time` leaves: at once, or at the end of the hold."""
        if self._began is None:
            self._began = self._context.began()
        into = (time - self._began) % self._every if time >= self._began else 0
        return time if into < self._every - self._hold else time + self._every - into
