"""Top: the busiest peers, and the binary format existing scripts read."""

from __future__ import annotations

from struct import unpack

import pytest

from syntheticnet.packets import top_talkers
from syntheticnet.packets.packet import Conversation
from syntheticnet.packets.top_talkers import BUCKETS, Top, profile


def conversation(id: int, packets: int, size: int) -> Conversation:
    made = Conversation("link", "default", id)
    made.packets, made.bytes = packets, size
    return made


def bits(packets: int, size: int) -> int:
    """The bits the format counts: 24 octets more than each frame."""
    return (size + packets * 24) * 8


def test_sums_the_conversations_of_a_peer() -> None:
    """Conversations with the same remote host, protocol and port are one row; the busiest comes first."""
    rows = Top().rows([conversation(1, 2, 100), conversation(2, 9, 50), conversation(1, 1, 30), conversation(3, 0, 0)])
    assert rows == [(9, bits(9, 50), 2), (3, bits(3, 130), 1)]


def test_keeps_the_counts_of_conversations_that_are_forgotten() -> None:
    """Counts of retired conversations are added to those of live ones."""
    top = Top()
    top.retire([conversation(1, 2, 100)])
    top.retire([conversation(1, 1, 10)])
    assert top.rows([conversation(1, 4, 7)]) == [(7, bits(7, 117), 1)]


def test_counts_what_leaves_after_its_conversation_was_forgotten() -> None:
    """Packets that a link still holds when conditions change are counted when they leave."""
    top = Top()
    late = conversation(1, 0, 0)
    top.retire([late])
    late.packets, late.bytes = 3, 30
    assert top.rows([]) == [(3, bits(3, 30), 1)]


def test_has_no_words_for_ipv6() -> None:
    """An IPv6 peer has id 0, which marks an empty slot: it gets no row, live or retired."""
    top = Top()
    top.retire([conversation(0, 5, 50)])
    assert top.rows([conversation(0, 5, 50)]) == []


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond the limit new peers are dropped when retired; known ones keep counting."""
    monkeypatch.setattr(top_talkers, "MOST_PEERS", 10)
    top = Top()
    for round in range(3):
        for id in range(1, 101):
            top.retire([conversation(id, 1, round)])
            top.tidy()
    kept = top.rows([])
    assert 10 <= len(kept) <= 20
    assert (3, bits(3, 3), 1) in kept


def test_at_most_the_slots_of_the_profile() -> None:
    """With more peers than slots the busiest stay."""
    rows = Top().rows(conversation(id, id, 1) for id in range(1, BUCKETS + 10))
    assert len(rows) == BUCKETS
    assert rows[-1] == (10, bits(10, 1), 10)


def test_profile_is_2048_slots_of_three_little_endian_words() -> None:
    """Packets, bits and id, then zeroes."""
    octets = profile([(1, 2, 3), (2**40, 5, 0x01BB_0006_0100_007F)])
    assert len(octets) == 2048 * 24
    assert unpack("<6Q", octets[:48]) == (1, 2, 3, 2**40, 5, 0x01BB_0006_0100_007F)
    assert octets[:24] == b"\x01" + bytes(7) + b"\x02" + bytes(7) + b"\x03" + bytes(7)
    assert not any(octets[48:])
