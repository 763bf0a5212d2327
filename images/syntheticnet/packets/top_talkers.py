"""Who talks most: packets and bits of each remote peer, as `/top` of the wire format shows them."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from heapq import nlargest
from itertools import chain
from struct import pack

from .packet import Conversation

SLOTS = 2048
MOST_PEERS = 65536
# What a frame occupies on a wire beside its bytes: preamble, checksum and gap.
WIRE_OCTETS = 24

TIDIED = 100
"""So many talks are added up in a small part of a ms."""

Row = tuple[int, int, int]


class Top:
    """Sums of the talks that were forgotten, to which those of the living are added.

    The last forgotten ones are kept whole, for packets that a link still holds are counted when they leave.
    """

    def __init__(self) -> None:
        self._late: deque[Conversation] = deque()
        self._sums: dict[int, tuple[int, int]] = {}

    def retire(self, talks: Sequence[Conversation]) -> None:
        """Keep the counts of talks that are about to be forgotten."""
        self._late.extend(talks)

    def tidy(self) -> None:
        """Add up some of the talks that were forgotten long ago; to be called now and then."""
        for _ in range(min(TIDIED, len(self._late) - MOST_PEERS)):
            oldest = self._late.popleft()
            if oldest.id in self._sums or len(self._sums) < MOST_PEERS:
                _add(self._sums, oldest)

    def rows(self, living: Iterable[Conversation]) -> list[Row]:
        """Packets, bits and id of the busiest peers, at most `SLOTS`."""
        sums = dict(self._sums)
        for talk in chain(list(self._late), living):
            _add(sums, talk)
        return nlargest(SLOTS, ((packets, bits, id) for id, (packets, bits) in sums.items()))


def profile(rows: Iterable[Row]) -> bytes:
    """The 2048 slots of three little-endian 64-bit words."""
    return b"".join(pack("<QQQ", *row) for row in rows).ljust(SLOTS * 24, b"\0")


def _add(sums: dict[int, tuple[int, int]], talk: Conversation) -> None:
    """Add what a talk counted; an IPv6 peer has the id of an empty slot, and so no row."""
    if not (talk.packets and talk.id):
        return
    packets, bits = sums.get(talk.id, (0, 0))
    sums[talk.id] = packets + talk.packets, bits + (talk.bytes + talk.packets * WIRE_OCTETS) * 8
