"""RateTrace: opportunities as mahimahi defines them, repetition, unused ones, and live changes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from syntheticnet.conditions.files import Files
from syntheticnet.elements.rate_trace import RateTrace

from ..builders import MS, SECOND, Bench, packet, packets, requested, times

FILES = Files({"each": b"1", "uneven": b"2\n2\n5\n10\n", "slow": b"100\n", "zero": b"0\n10\n"})


def trace(name: str = "each", bench: Bench | None = None, now: int = 0, **written: Any) -> RateTrace:
    context = (bench or Bench(files=FILES)).context
    return RateTrace(requested(rate_trace=name, **written), replace(context, files=FILES, began=lambda: now))


def departures_ms(element: RateTrace, until: int = 100 * SECOND) -> list[float]:
    return [time / MS for time in times(element.pop(until)[0])]


def test_a_full_size_packet_for_each_opportunity() -> None:
    """Times may repeat, and the trace restarts at its last time: 2, 2, 5, 10, then the same 10 ms later."""
    element = trace("uneven")
    element.push(packets(9, size=1514))
    assert element.deadline() == 2 * MS
    assert departures_ms(element) == [2, 2, 5, 10, 12, 12, 15, 20, 22]


def test_an_opportunity_is_1500_bytes_of_ip_packets() -> None:
    """Three packets of 500 bytes leave at once; the rest of a larger one uses the next opportunity, with others."""
    element = trace()
    element.push([packet(514), packet(514), packet(514), packet(1014), packet(1014), packet(1014)])
    assert departures_ms(element) == [1, 1, 1, 2, 3, 3]


def test_the_wait_of_each_packet() -> None:
    """A packet waits until the opportunity that carries its last byte."""
    element = trace("uneven")
    element.push([packet(1514, 0), packet(1514, MS), packet(1514, MS)])
    assert [one.waited for one in element.pop(SECOND)[0]] == [2 * MS, MS, 4 * MS]


def test_overhead_counts() -> None:
    """The overhead of each packet counts against an opportunity."""
    element = trace(overhead="250b")
    element.push(packets(4, size=514))
    assert departures_ms(element) == [1, 1, 2, 2]


def test_unused_opportunities_are_lost() -> None:
    """Unused opportunities are lost, including one at the very moment a packet arrives."""
    element = trace("uneven")
    element.push([packet(1514, time=0), packet(1514, time=2 * MS), packet(1514, time=57 * MS)])
    assert departures_ms(element) == [2, 5, 60]


def test_time_0_is_where_a_lap_ends() -> None:
    """An opportunity at 0 coincides with the last one of the previous repetition."""
    element = trace("zero")
    element.push(packets(3, size=1514))
    assert departures_ms(element) == [10, 10, 20]


def test_begins_when_it_is_put_in_force() -> None:
    """The trace's 0 is when the element is made, however late the first packet comes."""
    element = trace("uneven", now=1003 * MS)
    element.push(packets(1, time=2000 * MS, size=1514))
    assert departures_ms(element) == [2003]


def test_time_limit_is_by_the_mean_rate() -> None:
    """1500 bytes each 100 ms are 120 kbit/s: 1 s of that is 15,000 bytes; 10 full-size packets are the least else."""
    cases: list[tuple[dict[str, Any], int]] = [
        ({"queue": "1s"}, 15),
        ({}, 15),
        ({"queue": "3p"}, 3),
        ({"queue": "2kb"}, 2),
    ]
    for written, admitted in cases:
        bench = Bench()
        element = trace("slow", bench, **written)
        element.push(packets(100, size=1000))
        assert len(element) == admitted
        assert set(bench.dropped.causes) == {"queue"}


def test_codel_works_under_a_trace() -> None:
    """The same queue decides which packets are kept."""
    bench = Bench()
    element = trace("each", bench, queue="1000p", aqm="codel")
    element.push(packets(500, size=1514))
    departures_ms(element)
    assert set(bench.dropped.causes) == {"codel"}


def test_live_change_holds_for_what_waits() -> None:
    """A new trace begins at the change, and the rest of a packet goes by it; other values do not restart it."""
    element = trace("slow")
    element.push(packets(3, size=1514))
    element.configure(requested(rate_trace="uneven"), 50 * MS)
    element.configure(requested(rate_trace="uneven", queue="9p"), 51 * MS)
    assert departures_ms(element) == [52, 52, 55]


def test_turned_off_it_lets_all_go_at_once() -> None:
    """When the trace is cleared, all held packets are due at the change, in order."""
    element = trace("slow")
    held = packets(5)
    element.push(held)
    element.configure(requested(), 7 * MS)
    out, _ = element.pop(7 * MS)
    assert (out, set(times(out))) == (held, {7 * MS})


def test_give_and_adopt() -> None:
    """Migrated packets keep their arrival time, none is dropped, and they leave by their new element's trace."""
    here, there = trace("slow"), trace("uneven", queue="1p")
    sent = packets(4, size=1514)
    here.push(sent)
    given = here.migrate_out(lambda each: each in sent[:3])
    assert (given, times(given)) == (sent[:3], [0, 0, 0])
    there.migrate_in(given, 4 * MS)
    assert departures_ms(there) == [5, 10, 12]
    assert departures_ms(here) == [100]


def test_wanted() -> None:
    """A trace can be combined with an unlimited rate, but with no other rate."""
    assert RateTrace.enabled(requested(rate_trace="each", rate="unlimited"))
    assert not RateTrace.enabled(requested(rate="1mbit"))
