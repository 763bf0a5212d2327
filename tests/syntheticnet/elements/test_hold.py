"""Hold: which packets wait for the end of a hold."""

from __future__ import annotations

from dataclasses import replace

import pytest

from syntheticnet.elements.hold import Hold
from syntheticnet.packets.packet import Packet

from ..builders import MS, SECOND, Bench, packets, requested, times


def hold(began: int = 0, **written: str) -> Hold:
    return Hold(requested(**written), replace(Bench().context, began=lambda: began))


def through(element: Hold, sent: list[Packet]) -> list[int]:
    """When each packet leaves, popped at each deadline."""
    element.push(sent)
    out: list[Packet] = []
    while (due := element.deadline()) is not None:
        out += element.pop(due)[0]
    assert out == sent
    return times(out)


def test_the_last_part_of_every_period_holds() -> None:
    """Packets 10 ms apart: those of the last 30 ms of each 100 ms leave together at its end, the others at once."""
    left = through(hold(hold="30ms", hold_every="100ms"), packets(20, gap=10 * MS))
    assert left == [n * 10 * MS if n % 10 < 7 else (n // 10 + 1) * 100 * MS for n in range(20)]


def test_periods_are_counted_from_when_it_was_put_in_force() -> None:
    """A packet 5 ms before the end of the first period waits 5 ms."""
    assert through(hold(3 * SECOND, hold="30ms", hold_every="100ms"), packets(1, time=3 * SECOND + 95 * MS)) == [
        3 * SECOND + 100 * MS
    ]


def test_without_a_period_it_is_that_of_a_satellite() -> None:
    """Without `hold_every` a hold ends every 15 s."""
    assert through(hold(hold="200ms"), packets(2, time=14_700 * MS, gap=200 * MS)) == [14_700 * MS, 15 * SECOND]


def test_longer_than_its_period_it_holds_always() -> None:
    """If the hold is longer than its period, packets leave once a period."""
    assert through(hold(hold="1s", hold_every="100ms"), packets(3, time=1, gap=60 * MS)) == [
        100 * MS,
        100 * MS,
        200 * MS,
    ]


@pytest.mark.parametrize(("change", "left"), [({"hold": "10ms", "hold_every": "100ms"}, 80), ({}, 80)])
def test_a_change_begins_a_new_period(change: dict[str, str], left: int) -> None:
    """Held packets leave by the new values, never before the change."""
    element = hold(hold="30ms", hold_every="100ms")
    held = packets(2, time=75 * MS, gap=MS)
    element.push(held)
    element.configure(requested(**change), 80 * MS)
    assert element.pop(80 * MS)[0] == held
    assert times(held) == [left * MS] * 2


def test_given_packets_are_adopted_in_order() -> None:
    """Migrated packets keep their arrival time and wait for the end of the new element's hold."""
    one, other = hold(hold="30ms", hold_every="100ms"), hold(hold="50ms", hold_every="200ms")
    held = packets(3, time=75 * MS, gap=MS)
    one.push(held)
    given = one.migrate_out(lambda packet: packet is not held[1])
    assert (given, times(given), len(one)) == ([held[0], held[2]], [75 * MS, 77 * MS], 1)
    other.migrate_in(given, 160 * MS)
    assert (other.deadline(), len(other)) == (200 * MS, 2)
