"""DelayTrace: the delay at each packet's arrival, order, repetition, and live changes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from syntheticnet.conditions.files import Files
from syntheticnet.elements.delay_trace import DelayTrace

from ..builders import MS, SECOND, Bench, packet, packets, requested, times

FILES = Files({"steps": b"0 50\n100 10\n", "one": b"0 7.5", "up": b"0 10\n20 30\n60 5\n"})


def trace(name: str = "steps", now: int = 0) -> DelayTrace:
    return DelayTrace(requested(delay_trace=name), replace(Bench(files=FILES).context, began=lambda: now))


def waits_ms(element: DelayTrace, at_ms: list[float]) -> list[float]:
    sent = [packet(time=round(ms * MS)) for ms in at_ms]
    element.push(sent)
    return [(each.time - each.entered) / MS for each in element.pop(100 * SECOND)[0]]


def test_holds_from_each_time_to_the_next() -> None:
    """50 ms until 100 ms, then 10 ms until 200 ms, then from the start again."""
    assert waits_ms(trace(), [0, 199.999, 200, 299, 400]) == [50, 10, 50, 50, 50]
    assert waits_ms(trace("up"), [0, 19, 20, 59, 100, 119, 120]) == [10, 10, 30, 30, 10, 10, 30]


def test_one_line_is_constant() -> None:
    """A trace of one line never changes."""
    assert waits_ms(trace("one"), [0, 12345]) == [7.5, 7.5]


def test_begins_when_it_is_put_in_force() -> None:
    """The time of the trace is 0 when the element is made, and what came before that has its first delay."""
    assert waits_ms(trace(now=1000 * MS), [990, 1099, 1150]) == [50, 50, 10]


def test_keeps_the_order() -> None:
    """When the delay falls, a packet waits for the one before it."""
    element = trace()
    sent = packets(4, time=97 * MS, gap=MS)
    element.push(sent)
    assert element.deadline() == 147 * MS
    forward, _ = element.pop(SECOND)
    assert (forward, times(forward)) == (sent, [147 * MS, 148 * MS, 149 * MS, 149 * MS])


@pytest.mark.parametrize(("name", "least"), [("steps", 10 * MS), ("one", 7_500_000), ("up", 5 * MS)])
def test_slack_is_the_least_delay(name: str, least: int) -> None:
    """No packet is held for less than the slack, at any time."""
    assert trace(name).slack() == least


def test_live_change_holds_for_what_waits() -> None:
    """A new trace begins now; what waits has its first delay, and is not due before now."""
    element = trace()
    element.push([packet(time=0), packet(time=35 * MS)])
    element.configure(requested(delay_trace="up"), 40 * MS)
    assert times(element.pop(SECOND)[0]) == [40 * MS, 45 * MS]


def test_turned_off_it_lets_all_go_at_once() -> None:
    """When the trace is cleared, all held packets are due at the change, in order."""
    element = trace()
    held = packets(5, gap=MS)
    element.push(held)
    element.configure(requested(), 20 * MS)
    assert (element.deadline(), element.slack()) == (20 * MS, 0)
    assert element.pop(20 * MS)[0] == held


def test_give_and_adopt() -> None:
    """A migrated packet keeps its arrival time and waits by its new element's trace, but not before now."""
    here, there = trace(), trace("one")
    sent = packets(4, gap=10 * MS)
    here.push(sent)
    given = here.migrate_out(lambda each: each in sent[:3])
    assert (given, times(given), len(here)) == (sent[:3], [0, 10 * MS, 20 * MS], 1)
    there.migrate_in(given, 25 * MS)
    assert times(there.pop(SECOND)[0]) == [25 * MS, 25 * MS, 27_500_000]
