"""IndexedLoss: exactly the chosen packets, counted since the value was applied."""

from __future__ import annotations

from typing import Any

from syntheticnet.elements.indexed_loss import IndexedLoss
from syntheticnet.packets.packet import Packet

from ..builders import Bench, packets, requested


def picked(bench: Bench, sent: list[Packet]) -> list[int]:
    """The numbers of the packets that were dropped, from 1."""
    return [sent.index(packet) + 1 for packet in bench.dropped.packets]


def lost_of(count: int, **written: Any) -> list[int]:
    bench = Bench()
    element = IndexedLoss(requested(**written), bench.context)
    sent = packets(count)
    element.push(sent[:7])
    element.push(sent[7:])
    assert len(element) + len(bench.dropped.packets) == count
    return picked(bench, sent)


def test_every_nth() -> None:
    """With 10p the 10th, 20th and 30th of 35; with 1p all."""
    assert lost_of(35, loss_every="10p") == [10, 20, 30]
    assert lost_of(3, loss_every="1p") == [1, 2, 3]


def test_listed() -> None:
    """Numbers and ranges in any order, overlapping or not; nothing after the last one."""
    assert lost_of(200, loss_list="100,1,5-7,6-8") == [1, 5, 6, 7, 8, 100]


def test_both_count_every_packet() -> None:
    """A packet that one of them drops is counted by the other, too."""
    assert lost_of(12, loss_every="4p", loss_list="4,5") == [4, 5, 8, 12]


def test_a_new_value_counts_from_1_and_leaves_the_other() -> None:
    """Changing the list restarts only its own count, and changing every n-th only its own."""
    bench = Bench()
    element = IndexedLoss(requested(loss_every="4p", loss_list="1"), bench.context)
    sent = packets(10)
    element.push(sent[:3])
    element.configure(requested(loss_every="4p", loss_list="2"), 0)
    element.push(sent[3:7])
    element.configure(requested(loss_every="3p", loss_list="2"), 0)
    element.push(sent[7:])
    assert picked(bench, sent) == [1, 4, 5, 10]


def test_turned_off() -> None:
    """After the effect is turned off nothing is dropped."""
    bench = Bench()
    element = IndexedLoss(requested(loss_every="1p"), bench.context)
    element.configure(requested(), 0)
    element.push(packets(5))
    assert bench.dropped.packets == []
