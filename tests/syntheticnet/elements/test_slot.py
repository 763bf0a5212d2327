"""Slot: bursts, their spacing and their limits."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from math import sqrt
from random import Random
from typing import Any

import pytest

from syntheticnet.elements.distribution import normal, pareto, paretonormal, uniform
from syntheticnet.elements.slot import Slot

from ..builders import MS, SECOND, Bench, packet, packets, requested, times


def slot(seed: int = 1, **written: Any) -> Slot:
    return Slot(requested(**written), Bench(seed).context)


def departures(element: Slot) -> list[int]:
    return times(element.pop(100 * SECOND)[0])


def test_those_that_wait_go_together() -> None:
    """The first packet waits 10 ms; those that arrive by then leave with it; the next one waits again."""
    element = slot(slot="10ms")
    element.push([packet(time=ms * MS) for ms in (5, 9, 15, 16, 40)])
    assert element.deadline() == 15 * MS
    assert departures(element) == [15 * MS, 15 * MS, 15 * MS, 26 * MS, 50 * MS]


def test_one_that_comes_with_the_slot_goes_in_it_whenever_it_is_pushed() -> None:
    """Results do not depend on how packets are batched."""
    element = slot(slot="10ms", slot_packets="2p")
    element.push(packets(1))
    assert times(element.pop(10 * MS)[0]) == [10 * MS]
    element.push(packets(2, time=10 * MS))
    assert times(element.pop(10 * MS)[0]) == [10 * MS]
    assert departures(element) == [20 * MS]


@pytest.mark.parametrize(
    ("limit", "expected"),
    [
        ({"slot_packets": "3p"}, [10, 10, 10, 20, 20, 20, 30]),
        ({"slot_bytes": "2kb"}, [10, 10, 20, 20, 30, 30, 40]),
        ({"slot_bytes": "1.999kb"}, [10, 20, 30, 40, 50, 60, 70]),
        ({"slot_bytes": "10b"}, [10, 20, 30, 40, 50, 60, 70]),
        ({"slot_packets": "3p", "slot_bytes": "2kb"}, [10, 10, 20, 20, 30, 30, 40]),
    ],
)
def test_limits(limit: dict[str, Any], expected: list[int]) -> None:
    """What exceeds a slot's limits waits for the next; a packet longer than the limit gets a slot to itself."""
    element = slot(slot="10ms", **limit)
    element.push(packets(7, size=1000))
    assert departures(element) == [ms * MS for ms in expected]


def test_spacing_is_uniform() -> None:
    """Each slot comes after a draw from the range, one draw for each."""
    element = slot(seed=4, slot="10ms-30ms", slot_packets="1p")
    element.push(packets(1000, size=1))
    out = departures(element)
    draws = Random("4")
    spacing = [10 * MS + round(draws.random() * 20 * MS) for _ in range(1000)]
    assert [later - earlier for earlier, later in zip([0, *out], out, strict=False)] == spacing
    assert 10 * MS <= min(spacing) < 10.1 * MS
    assert 29.9 * MS < max(spacing) <= 30 * MS


def test_live_change_holds_for_the_present_slot() -> None:
    """A slot keeps its draw: the new range applies to it from the start of its wait, but not before now."""
    element = slot(slot="100ms")
    element.push(packets(2))
    element.configure(requested(slot="20ms"), 5 * MS)
    assert element.deadline() == 20 * MS
    element.configure(requested(slot="2ms"), 6 * MS)
    assert departures(element) == [6 * MS, 6 * MS]


def test_turned_off_it_lets_all_go_at_once() -> None:
    """When the slot is cleared, everything leaves, including what exceeded the next slot's limits."""
    element = slot(slot="10ms", slot_packets="1p")
    held = packets(5)
    element.push(held)
    element.configure(requested(), 12 * MS)
    out, _ = element.pop(12 * MS)
    assert (out, times(out)) == (held, [10 * MS] + [12 * MS] * 4)
    assert not Slot.enabled(requested(slot="0ms"))


def test_give_and_adopt() -> None:
    """A migrated packet keeps its arrival time and waits for a slot of its new element."""
    here, there = slot(slot="10ms"), slot(slot="7ms")
    sent = packets(3, gap=MS)
    here.push(sent)
    given = here.migrate_out(lambda each: each is not sent[1])
    assert (given, times(given), here.deadline()) == ([sent[0], sent[2]], [0, 2 * MS], 10 * MS)
    there.migrate_in(given, 5 * MS)
    assert times(there.pop(SECOND)[0]) == [12 * MS, 12 * MS]
    assert departures(here) == [10 * MS]


@pytest.mark.issue(15)
@pytest.mark.parametrize("law", [uniform, normal, pareto, paretonormal])
def test_slots_with_a_distribution(law: Callable[[float], float]) -> None:
    """The wait of a lone packet is the slot plus a draw from the distribution times its jitter, at least 0.

    By the Kolmogorov-Smirnov distance, whose bound of 1.95 / sqrt(n) is exceeded by chance once in 1,000 runs; the
    draws are seeded.
    """
    count = 4000
    element = Slot(requested(slot="2ms", slot_jitter="3ms", slot_distribution=law.__name__), Bench(1).context)
    sent = packets(count, gap=SECOND)
    element.push(sent)
    element.pop(SECOND * count)
    waits = sorted((packet.time - packet.entered) / MS for packet in sent)
    stated = [max(0.0, 2 + 3 * law((number + 0.5) / count)) for number in range(count)]
    for share in range(1, 100):
        at = stated[share * count // 100]
        if at > 0:
            assert abs(bisect_right(waits, at) / count - share / 100) < 1.95 / sqrt(count)


@pytest.mark.issue(15)
def test_a_change_of_the_distribution_keeps_the_draws() -> None:
    """What waits for a slot waits as long as its draw says under the new jitter."""
    element = Slot(requested(slot="10ms", slot_jitter="5ms"), Bench(1).context)
    element.push(packets(1))
    due = element.deadline()
    assert due is not None
    element.configure(requested(slot="10ms", slot_jitter="10ms"), 0)
    assert element.deadline() == pytest.approx(2 * due - 10 * MS, abs=1)
    element.configure(requested(slot="10ms"), 0)
    assert element.deadline() == 10 * MS
