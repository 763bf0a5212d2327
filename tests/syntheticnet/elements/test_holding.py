"""Holding: what any effect built on it does, whatever its due times."""

from __future__ import annotations

from dataclasses import replace

from syntheticnet.conditions import LinkConditions
from syntheticnet.elements.holding import Holding

from ..builders import MS, Bench, packets, requested, times


class Gate(Holding):
    """Holds each packet for the latency, or without one until 10 ms after the values were applied."""

    depends_on = ("latency_ns",)

    def set(self, values: LinkConditions) -> None:
        self._latency = values.latency_ns

    def due(self, since: int, now: int) -> int:
        return since + self._latency if self._latency else self.began + 10 * MS


def gate(began: int = 0) -> Gate:
    return Gate(requested(), replace(Bench().context, began=lambda: began))


def test_due_times_never_fall() -> None:
    """A packet due before the one ahead of it leaves with that one, in one batch and in the next."""
    element = gate(5 * MS)
    sent = packets(3, gap=MS)
    element.push(sent[:2])
    element.configure(requested(latency="1ms"), 5 * MS)
    element.push(sent[2:])
    assert element.pop(5 * MS) == (sent, [])
    assert times(sent) == [5 * MS] * 3


def test_the_start_is_when_the_values_were_applied() -> None:
    """That of the first values is known from the first packet on; a change starts anew, for waiting packets too."""
    element = gate(3 * MS)
    element.push(packets(1, time=4 * MS))
    assert element.deadline() == 13 * MS
    element.configure(requested(), 6 * MS)
    assert (element.deadline(), len(element)) == (16 * MS, 1)


def test_migrated_packets_wait_by_the_new_values() -> None:
    """They keep their arrival times, and leave no earlier than now."""
    here, there = gate(), gate()
    there.configure(requested(latency="3ms"), 0)
    sent = packets(3, gap=MS)
    here.push(sent)
    moved = here.migrate_out(lambda packet: packet is not sent[1])
    assert (moved, times(moved), len(here)) == ([sent[0], sent[2]], [0, 2 * MS], 1)
    there.migrate_in(moved, 4 * MS)
    assert there.pop(5 * MS) == (moved, [])
    assert times(moved) == [4 * MS, 5 * MS]
