"""Duplicate: copies right behind their packets, counted once each."""

from __future__ import annotations

from math import sqrt

from syntheticnet.elements.duplicate import Duplicate

from ..builders import MS, Bench, packets, requested, times

MANY = 20_000


def test_the_copy_is_right_behind() -> None:
    """At 100 % each packet comes twice in a row, at the same time and with the same frame."""
    bench = Bench()
    element = Duplicate(requested(duplicate="100%"), bench.context)
    sent = packets(3, gap=MS)
    element.push(sent)
    out, _ = element.pop(2 * MS)
    assert out[::2] == sent
    assert out[1::2] == bench.copied
    assert times(out) == [0, 0, MS, MS, 2 * MS, 2 * MS]
    assert [packet.buffer for packet in out[1::2]] == [packet.buffer for packet in sent]


def test_share() -> None:
    """The configured share is copied, and no packet is lost."""
    bench = Bench()
    element = Duplicate(requested(duplicate="10%"), bench.context)
    element.push(packets(MANY, size=1))
    assert abs(len(bench.copied) - 0.1 * MANY) < 5 * sqrt(MANY * 0.09)
    assert len(element) == MANY + len(bench.copied)
    assert bench.dropped.packets == []


def test_turned_off() -> None:
    """After the effect is turned off nothing is copied."""
    bench = Bench()
    element = Duplicate(requested(duplicate="100%"), bench.context)
    element.configure(requested(duplicate="0%"), 0)
    element.push(packets(10))
    assert (len(element), bench.copied) == (10, [])
