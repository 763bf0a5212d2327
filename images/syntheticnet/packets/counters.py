"""Traffic counters of a flow: packets in, out and dropped, and rates measured over the last second."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable
from copy import copy
from typing import Any

SECOND = 10**9
SLOT_NS = SECOND // 10
SLOTS = 10
# Drops caused by the forwarder or the kernel, not by the configured conditions.
OWN_CAUSES = ("stalled", "kernel", "memory", "send")
# Delay samples kept per bucket. Beyond that every second sample is dropped, repeatedly if needed.
MOST_DELAYS = 4096


class Bucket:
    """Counts of a tenth of a second from `start` (ns)."""

    __slots__ = ("bytes_out", "delays", "discarded", "dropped", "packets_in", "packets_out", "start", "step")

    def __init__(self, start: int) -> None:
        self.start = start
        self.packets_in = self.packets_out = self.bytes_out = self.dropped = self.discarded = 0
        self.delays: list[int] = []
        self.step = 1

    def note(self, delays: list[int]) -> None:
        self.delays += delays[:: self.step]
        while len(self.delays) > MOST_DELAYS:
            self.delays = self.delays[::2]
            self.step *= 2


class FlowCounters:
    """Counts of one flow in one direction. Always: in + duplicated + originated = out + dropped + queued."""

    def __init__(self) -> None:
        self.packets_in = self.bytes_in = self.packets_out = self.bytes_out = 0
        self.duplicated = self.originated = 0
        self.dropped: Counter[str] = Counter()
        self.dropped_bytes: Counter[str] = Counter()
        self._slots: deque[Bucket] = deque(maxlen=SLOTS + 1)
        self._began: int | None = None

    @classmethod
    def total(cls, tallies: Iterable[FlowCounters]) -> FlowCounters:
        """The sum of `tallies`."""
        sums = cls()
        slots: dict[int, Bucket] = {}
        for tally in tallies:
            sums.fold(tally)
            for slot in tally._slots:
                _fold(slots.setdefault(slot.start, Bucket(slot.start)), slot)
            if tally._began is not None:
                sums._began = tally._began if sums._began is None else min(sums._began, tally._began)
        sums._slots.extend(slots[start] for start in sorted(slots))
        return sums

    def copy(self) -> FlowCounters:
        """A snapshot; the bucket under way is shared, and may still grow."""
        twin = copy(self)
        twin.dropped, twin.dropped_bytes = Counter(self.dropped), Counter(self.dropped_bytes)
        twin._slots = self._slots.copy()
        return twin

    @property
    def queued(self) -> int:
        return self.packets_in + self.duplicated + self.originated - self.packets_out - self.dropped.total()

    def fold(self, other: FlowCounters) -> None:
        """Add another's totals, without its buckets."""
        for name in ("packets_in", "bytes_in", "packets_out", "bytes_out", "duplicated", "originated"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.dropped += other.dropped
        self.dropped_bytes += other.dropped_bytes

    def came(self, packets: int, size: int, now: int) -> None:
        """Count packets that arrived, `size` bytes in total."""
        self.packets_in += packets
        self.bytes_in += size
        self._slot(now).packets_in += packets

    def left(self, packets: int, size: int, delays: list[int], now: int) -> None:
        """Count packets that left, `size` bytes in total, with their delays (ns)."""
        self.packets_out += packets
        self.bytes_out += size
        slot = self._slot(now)
        slot.packets_out += packets
        slot.bytes_out += size
        slot.note(delays)

    def lost(self, cause: str, packets: int, size: int, now: int) -> None:
        self.dropped[cause] += packets
        self.dropped_bytes[cause] += size
        slot = self._slot(now)
        if cause in OWN_CAUSES:
            slot.discarded += packets
        else:
            slot.dropped += packets

    def report(self, now: int) -> dict[str, Any]:
        """All counters as the API reports them; `achieved` contains only measured values."""
        counts = ("packets_in", "bytes_in", "packets_out", "bytes_out", "duplicated", "originated", "queued")
        values: dict[str, Any] = {name: getattr(self, name) for name in counts}
        dropped = {"dropped": dict(self.dropped), "dropped_bytes": dict(self.dropped_bytes)}
        return values | dropped | {"achieved": self.achieved(now)}

    def achieved(self, now: int) -> dict[str, float]:
        """Rate, loss and delay over the last second; values without packets are absent.

        Packets discarded by the forwarder (OWN_CAUSES) do not count as loss and are reported as `discarded`.

        The window is ten buckets plus the one under way: a second or slightly more, less after the first packet.
        """
        if self._began is None:
            return {}
        start = max(now - now % SLOT_NS - SECOND, self._began)
        recent = [slot for slot in self._slots if slot.start >= start]
        packets_in, packets_out, dropped, discarded = (
            sum(getattr(slot, name) for slot in recent)
            for name in ("packets_in", "packets_out", "dropped", "discarded")
        )
        if not (packets_in or packets_out or dropped or discarded):
            return {}
        window_s = (now - start) / SECOND
        values: dict[str, float] = {"window_s": round(window_s, 3), "packets": packets_in}
        if window_s > 0:
            values["rate_bps"] = round(sum(slot.bytes_out for slot in recent) * 8 / window_s)
        if packets_out or dropped:
            values["loss"] = dropped / (dropped + packets_out)
        if discarded:
            values["discarded"] = discarded
        delays = sorted(delay for slot in recent for delay in slot.delays)
        if delays:
            values["delay_p50_ms"] = delays[len(delays) // 2] / 1e6
            values["delay_p99_ms"] = delays[len(delays) * 99 // 100] / 1e6
        return values

    def _slot(self, now: int) -> Bucket:
        if self._slots and now - self._slots[-1].start < SLOT_NS:
            return self._slots[-1]
        slot = Bucket(now - now % SLOT_NS)
        if self._began is None:
            self._began = slot.start
        self._slots.append(slot)
        return slot


def _fold(into: Bucket, slot: Bucket) -> None:
    for name in ("packets_in", "packets_out", "bytes_out", "dropped", "discarded"):
        setattr(into, name, getattr(into, name) + getattr(slot, name))
    into.note(slot.delays)
