"""Traffic counters of a flow: packets in, out and dropped, and rates measured over the last second."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable
from copy import copy
from typing import Any

SECOND = 10**9
BUCKET_NS = SECOND // 10
BUCKETS = 10
# Drops caused by the forwarder or the kernel, not by the configured conditions.
OWN_CAUSES = ("stalled", "kernel", "memory", "send")
# Delay samples of one kind kept per bucket. Beyond that every second sample is dropped, repeatedly if needed.
MOST_DELAYS = 4096


class DelaySample:
    """Delays (ns), evenly thinned out to MOST_DELAYS."""

    __slots__ = ("_step", "kept")

    def __init__(self) -> None:
        self.kept: list[int] = []
        self._step = 1

    def note(self, delays: list[int]) -> None:
        kept = self.kept
        kept += delays if self._step == 1 else delays[:: self._step]
        while len(kept) > MOST_DELAYS:
            self.kept = kept = kept[::2]
            self._step *= 2


class Bucket:
    """Counts of a tenth of a second from `start` (ns); `delays` of the whole link, `waits` in a bottleneck's queue."""

    __slots__ = ("bytes_out", "delays", "discarded", "dropped", "packets_in", "packets_out", "start", "waits")

    def __init__(self, start: int) -> None:
        self.start = start
        self.packets_in = self.packets_out = self.bytes_out = self.dropped = self.discarded = 0
        self.delays = DelaySample()
        self.waits = DelaySample()


class FlowCounters:
    """Counts of one flow in one direction. Always: in + duplicated + originated = out + dropped + queued."""

    def __init__(self) -> None:
        self.packets_in = self.bytes_in = self.packets_out = self.bytes_out = 0
        self.duplicated = self.originated = 0
        self.dropped: Counter[str] = Counter()
        self.dropped_bytes: Counter[str] = Counter()
        self._buckets: deque[Bucket] = deque(maxlen=BUCKETS + 1)
        self._bucket = Bucket(0)  # the one under way, until `_bucket_end`
        self._bucket_end = 0
        self._began: int | None = None

    @classmethod
    def total(cls, flow_counters: Iterable[FlowCounters]) -> FlowCounters:
        """The sum of `flow_counters`."""
        sums = cls()
        buckets: dict[int, Bucket] = {}
        for counters in flow_counters:
            sums.fold(counters)
            for bucket in counters._buckets:
                _fold(buckets.setdefault(bucket.start, Bucket(bucket.start)), bucket)
            if counters._began is not None:
                sums._began = counters._began if sums._began is None else min(sums._began, counters._began)
        sums._buckets.extend(buckets[start] for start in sorted(buckets))
        return sums

    def copy(self) -> FlowCounters:
        """A snapshot; the bucket under way is shared, and may still grow."""
        twin = copy(self)
        twin.dropped, twin.dropped_bytes = Counter(self.dropped), Counter(self.dropped_bytes)
        twin._buckets = self._buckets.copy()
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
        if now >= self._bucket_end:
            self._next_bucket(now)
        self._bucket.packets_in += packets

    def left(self, packets: int, size: int, delays: list[int], now: int, waits: list[int] | None = None) -> None:
        """Count packets that left, `size` bytes in total, with their delays and their waits in a queue (ns)."""
        self.packets_out += packets
        self.bytes_out += size
        if now >= self._bucket_end:
            self._next_bucket(now)
        bucket = self._bucket
        bucket.packets_out += packets
        bucket.bytes_out += size
        bucket.delays.note(delays)
        if waits:
            bucket.waits.note(waits)

    def lost(self, cause: str, packets: int, size: int, now: int) -> None:
        self.dropped[cause] += packets
        self.dropped_bytes[cause] += size
        if now >= self._bucket_end:
            self._next_bucket(now)
        bucket = self._bucket
        if cause in OWN_CAUSES:
            bucket.discarded += packets
        else:
            bucket.dropped += packets

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
        start = max(now - now % BUCKET_NS - SECOND, self._began)
        recent = [bucket for bucket in self._buckets if bucket.start >= start]
        packets_in, packets_out, dropped, discarded = (
            sum(getattr(bucket, name) for bucket in recent)
            for name in ("packets_in", "packets_out", "dropped", "discarded")
        )
        if not (packets_in or packets_out or dropped or discarded):
            return {}
        window_s = (now - start) / SECOND
        values: dict[str, float] = {"window_s": round(window_s, 3), "packets": packets_in}
        if window_s > 0:
            values["rate_bps"] = round(sum(bucket.bytes_out for bucket in recent) * 8 / window_s)
        if packets_out or dropped:
            values["loss"] = dropped / (dropped + packets_out)
        if discarded:
            values["discarded"] = discarded
        delays = [bucket.delays for bucket in recent]
        waits = [bucket.waits for bucket in recent]
        return values | _percentiles("delay", delays, 50, 99) | _percentiles("queue_delay", waits, 50, 95)

    def _next_bucket(self, now: int) -> None:
        bucket = self._bucket = Bucket(now - now % BUCKET_NS)
        self._bucket_end = bucket.start + BUCKET_NS
        if self._began is None:
            self._began = bucket.start
        self._buckets.append(bucket)


def _fold(into: Bucket, bucket: Bucket) -> None:
    for name in ("packets_in", "packets_out", "bytes_out", "dropped", "discarded"):
        setattr(into, name, getattr(into, name) + getattr(bucket, name))
    into.delays.note(bucket.delays.kept)
    into.waits.note(bucket.waits.kept)


def _percentiles(name: str, samples: Iterable[DelaySample], *percents: int) -> dict[str, float]:
    """Percentiles of all samples together, in ms, such as `delay_p50_ms`; empty without any."""
    delays = sorted(delay for sample in samples for delay in sample.kept)
    return {f"{name}_p{percent}_ms": delays[len(delays) * percent // 100] / 1e6 for percent in percents if delays}
