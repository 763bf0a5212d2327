"""Packets and bits per remote peer, in the binary format of `/top`."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from heapq import nlargest
from itertools import chain
from struct import pack

from .packet import Conversation

BUCKETS = 2048
MOST_PEERS = 65536
# Preamble, checksum and inter-frame gap, which occupy the wire but are not in the buffer.
WIRE_OCTETS = 24

TIDIED = 100
"""Conversations summed per call: takes a fraction of a millisecond."""

TalkerRow = tuple[int, int, int]


class Top:
    """Sums of retired conversations; `rows` adds the live ones.

    The last ones retired are kept as objects, because packets a link still holds are counted when they leave.
    """

    def __init__(self) -> None:
        self._late: deque[Conversation] = deque()
        self._sums: dict[int, tuple[int, int]] = {}

    def retire(self, conversations: Sequence[Conversation]) -> None:
        """Keep the counts of conversations the classifier is about to forget."""
        self._late.extend(conversations)

    @property
    def crowded(self) -> bool:
        """Whether it is time to `tidy`."""
        return len(self._late) > MOST_PEERS

    def tidy(self) -> None:
        """Sum some of the conversations retired long ago; call it while it is crowded."""
        for _ in range(min(TIDIED, len(self._late) - MOST_PEERS)):
            oldest = self._late.popleft()
            if oldest.id in self._sums or len(self._sums) < MOST_PEERS:
                _add(self._sums, oldest)

    def rows(self, living: Iterable[Conversation]) -> list[TalkerRow]:
        """Packets, bits and id of the busiest peers, at most `BUCKETS` rows."""
        sums = dict(self._sums)
        for conversation in chain(list(self._late), living):
            _add(sums, conversation)
        return nlargest(BUCKETS, ((packets, bits, id) for id, (packets, bits) in sums.items()))


def profile(rows: Iterable[TalkerRow]) -> bytes:
    """2048 slots of three little-endian 64-bit words each."""
    return b"".join(pack("<QQQ", *row) for row in rows).ljust(BUCKETS * 24, b"\0")


def _add(sums: dict[int, tuple[int, int]], conversation: Conversation) -> None:
    """Add a conversation's counts. IPv6 peers have id 0, which marks an empty slot, so they get no row."""
    if not (conversation.packets and conversation.id):
        return
    packets, bits = sums.get(conversation.id, (0, 0))
    sums[conversation.id] = (
        packets + conversation.packets,
        bits + (conversation.bytes + conversation.packets * WIRE_OCTETS) * 8,
    )
