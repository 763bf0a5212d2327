"""Reorder: how many packets overtake a held one, and the time limit."""

from __future__ import annotations

from itertools import accumulate
from math import sqrt
from random import Random
from typing import Any

from syntheticnet.elements.reorder import Reorder
from syntheticnet.packets.packet import Packet

from ..builders import MS, SECOND, Bench, packets, requested, times

MANY = 20_000


def reorder(seed: int = 1, **written: Any) -> Reorder:
    return Reorder(requested(**written), Bench(seed).context)


def order(sent: list[Packet], out: list[Packet]) -> list[int]:
    return [sent.index(each) for each in out]


def chosen(seed: int, count: int, share: float) -> list[int]:
    """Which of `count` packets are to be overtaken: one draw for each."""
    draws = Random(str(seed))
    return [n for n in range(count) if draws.random() < share]


def expected(count: int, held: list[int], gap: int) -> list[int]:
    """The expected order, by a straightforward model."""
    out: list[int] = []
    waiting: list[tuple[int, int]] = []
    for n in range(count):
        if n in held:
            waiting.append((n, gap))
            continue
        out.append(n)
        waiting = [(each, left - 1) for each, left in waiting]
        out += [each for each, left in waiting if not left]
        waiting = [each for each in waiting if each[1]]
    return out + [each for each, _ in waiting]


def test_falls_behind_by_exactly_the_gap() -> None:
    """A held packet leaves right behind the last one that overtakes it, at that one's time."""
    for gap in (1, 3):
        element = reorder(seed=2, reorder="20%", reorder_gap=f"{gap}p")
        sent = packets(200, gap=MS)
        element.push(sent[:77])
        element.push(sent[77:])
        out, _ = element.pop(10 * SECOND)
        assert order(sent, out) == expected(200, chosen(2, 200, 0.2), gap)
        assert times(out) == sorted(times(out))
        assert all(each.time - each.entered <= 100 * MS for each in out)


def test_share() -> None:
    """The configured share of packets is overtaken."""
    element = reorder(reorder="5%")
    sent = packets(MANY, size=1)
    element.push(sent)
    out, _ = element.pop(SECOND)
    place = {each: n for n, each in enumerate(sent)}
    places = [place[each] for each in out]
    overtaken = sum(each < newest for each, newest in zip(places, accumulate(places, max), strict=True))
    assert abs(overtaken - 0.05 * MANY) < 5 * sqrt(MANY * 0.05 * 0.95)


def test_waits_for_100_ms_at_most() -> None:
    """If too few packets follow, a held one leaves after exactly 100 ms."""
    element = reorder(reorder="100%")
    sent = packets(2, gap=30 * MS)
    element.push(sent)
    assert element.deadline() == 100 * MS
    assert element.pop(100 * MS - 1) == ([], [])
    assert times(element.pop(130 * MS)[0]) == [100 * MS, 130 * MS]
    assert (len(element), element.deadline()) == (0, None)


def test_what_expired_leaves_before_a_newcomer() -> None:
    """Even if the loop is late, departures up to a packet's time come before it."""
    element = reorder(reorder="100%")
    first = packets(1)
    element.push(first)
    element.configure(requested(reorder="0.0001%"), 1)
    second = packets(1, time=200 * MS)
    element.push(second)
    out, _ = element.pop(200 * MS)
    assert (out, times(out)) == (first + second, [100 * MS, 200 * MS])


def test_smaller_gap_holds_for_what_waits() -> None:
    """A packet that enough have passed by the new number leaves at the change."""
    element = reorder(reorder="100%", reorder_gap="5p")
    held, passing = packets(1), packets(2, time=MS)
    element.push(held)
    element.configure(requested(reorder="0.0001%", reorder_gap="5p"), MS)
    element.push(passing)
    element.configure(requested(reorder="0.0001%", reorder_gap="2p"), 2 * MS)
    out, _ = element.pop(2 * MS)
    assert (out, out[-1].time) == (passing + held, 2 * MS)


def test_turned_off_it_lets_all_go_at_once() -> None:
    """When the share is cleared, nothing stays held."""
    element = reorder(reorder="100%", reorder_gap="9p")
    held = packets(3, gap=MS)
    element.push(held)
    element.configure(requested(), 5 * MS)
    assert element.pop(5 * MS)[0] == held
    assert not Reorder.enabled(requested(reorder="0%"))


def test_give_and_adopt() -> None:
    """A migrated packet leaves its new element at once."""
    here, there = reorder(reorder="100%"), reorder(reorder="100%")
    sent = packets(3, gap=MS)
    here.push(sent)
    given = here.migrate_out(lambda each: each is not sent[1])
    assert (given, times(given), len(here)) == ([sent[0], sent[2]], [0, 2 * MS], 1)
    there.migrate_in(given, 5 * MS)
    assert times(there.pop(5 * MS)[0]) == [5 * MS, 5 * MS]
