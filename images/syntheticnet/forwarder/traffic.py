"""Live traffic of one direction: what left and what was dropped, by remote end and media, in windows of one second."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable

from ..conditions.flow import MediaKind
from ..packets.headers import UDP
from ..packets.media import NONE, MediaHeader
from ..packets.packet import Conversation, Remote

WINDOW_NS = 10**9
LINGER_NS = 5 * WINDOW_NS
"""How long counting goes on after the last look."""
MOST_KEYS = 4096

TrafficKey = tuple[Remote, str, MediaKind | None, int | None]
"""The remote end, the flow, the kind of media and the RTP payload type."""

Departure = tuple[Conversation, str, bytes, int, int]
"""A packet that left: its conversation, flow, buffer, size (bytes) and delay (ns)."""


class TrafficCounters:
    """The packets of one key: bytes and delay (ns) of those that left, bytes and causes of those dropped."""

    __slots__ = ("bytes", "bytes_dropped", "delay", "dropped", "packets")

    def __init__(self) -> None:
        self.packets = self.bytes = self.delay = self.bytes_dropped = 0
        self.dropped: Counter[str] | None = None


Window = dict[TrafficKey | None, TrafficCounters]
"""The counters of one second; under None all keys beyond `MOST_KEYS` together."""


class LiveTraffic:
    """Counts only while watched: the caller tests `watched` once for a batch and otherwise does nothing.

    A full window is never changed again, so it is handed out without a copy.
    """

    def __init__(self, media: Callable[[bytes], MediaHeader] = lambda buffer: NONE) -> None:
        """`media` finds the media of a UDP packet."""
        self._media = media
        self.watched = False
        self._until = self._end = 0
        self._full: Window = {}
        self._current: Window = {}

    def watch(self, now: int) -> Window | None:
        """Count for some seconds more; the last full window, or None if nobody watched until now."""
        if self.watched and now >= self._end:
            self._turn(now)
        if not self.watched or now >= self._until:
            self._stop()
            self.watched, self._end, self._until = True, now + WINDOW_NS, now + LINGER_NS
            return None
        self._until = now + LINGER_NS
        return self._full

    def left(self, departures: Iterable[Departure], now: int) -> None:
        """Count packets that were sent."""
        if now >= self._end:
            self._turn(now)
        for conversation, flow, buffer, size, delay in departures:
            if self.watched and conversation.remote is not None:
                counters = self._of(conversation.remote, flow, buffer)
                counters.packets += 1
                counters.bytes += size
                counters.delay += delay

    def dropped(self, conversation: Conversation, flow: str, buffer: bytes, size: int, cause: str, now: int) -> None:
        """Count a packet that was dropped, `size` bytes of frame."""
        if now >= self._end:
            self._turn(now)
        if self.watched and conversation.remote is not None:
            counters = self._of(conversation.remote, flow, buffer)
            counters.bytes_dropped += size
            if counters.dropped is None:
                counters.dropped = Counter()
            counters.dropped[cause] += 1

    def _of(self, remote: Remote, flow: str, buffer: bytes) -> TrafficCounters:
        kind, payload_type, _ = self._media(buffer) if remote.protocol == UDP else NONE
        key: TrafficKey = (remote, flow, kind, payload_type)
        counters = self._current.get(key)
        if counters is None:
            counters = self._current.setdefault(key if len(self._current) < MOST_KEYS else None, TrafficCounters())
        return counters

    def _turn(self, now: int) -> None:
        """Begin the window of `now`; stop if nobody has looked for long."""
        if now >= self._until:
            self._stop()
            return
        passed = (now - self._end) // WINDOW_NS
        self._full = {} if passed else self._current  # the last full second may have been without packets
        self._current = {}
        self._end += (passed + 1) * WINDOW_NS

    def _stop(self) -> None:
        self.watched = False
        self._full, self._current = {}, {}
