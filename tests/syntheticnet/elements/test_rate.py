"""Rate: when packets leave a bottleneck, and which find its queue full."""

from __future__ import annotations

from random import Random

import pytest

from syntheticnet.conditions import LinkConditions
from syntheticnet.conditions.depth import FULL_SIZE
from syntheticnet.elements.rate import Rate

from ..builders import MS, SECOND, Bench, packet, packets, requested, times


def rate(bench: Bench | None = None, **written: str) -> Rate:
    return Rate(requested(**written), (bench or Bench()).context)


def test_wanted_only_with_a_finite_rate() -> None:
    """Without a rate, or with an unlimited one, there is no bottleneck."""
    assert Rate.enabled(requested(rate="1mbit"))
    assert not Rate.enabled(requested(rate="unlimited"))
    assert not Rate.enabled(requested(loss="5%"))


def test_sends_one_packet_after_the_other() -> None:
    """At 1 mbit a frame of 125 bytes takes 1 ms, and each waits for the one before it."""
    element = rate(rate="1mbit")
    element.push(packets(3, size=125))
    assert element.deadline() == 1 * MS
    assert times(element.pop(2 * MS)[0]) == [1 * MS, 2 * MS]
    assert (len(element), element.deadline()) == (1, 3 * MS)
    assert times(element.pop(3 * MS)[0]) == [3 * MS]
    assert (len(element), element.deadline()) == (0, None)


def test_starts_anew_after_a_pause() -> None:
    """An idle bottleneck accumulates no credit: no burst follows."""
    element = rate(rate="1mbit")
    element.push([packet(125, 0), packet(125, 10 * MS), packet(125, 10 * MS)])
    assert times(element.pop(SECOND)[0]) == [1 * MS, 11 * MS, 12 * MS]


def test_the_wait_of_each_packet() -> None:
    """A packet waits for the bits before its own; none after a pause, none that a burst covers."""
    for element, waits in ((rate(rate="1mbit"), [0, 1, 2, 0]), (rate(rate="1mbit", burst="125b"), [0, 0, 1, 0])):
        element.push([*[packet(125, 10 * MS) for _ in range(3)], packet(125, 20 * MS)])
        assert [one.waited for one in element.pop(SECOND)[0]] == [wait * MS for wait in waits]


def test_overhead_costs_time_and_no_queue() -> None:
    """Each packet takes as long as if it were `overhead` bytes longer."""
    element = rate(rate="1mbit", overhead="24b", queue="1kb")
    element.push(packets(10, size=101))
    assert times(element.pop(SECOND)[0]) == [n * MS for n in range(1, 10)]


@pytest.mark.parametrize(
    ("written", "size", "admitted"),
    [
        ({"rate": "1mbit"}, 100, 250),  # 200 ms of 1 mbit are 25,000 bytes
        ({"rate": "100kbit"}, FULL_SIZE, 10),  # 200 ms are 2,500 bytes, but 10 full-size packets always fit
        ({"rate": "100kbit"}, 100, 151),
        ({"rate": "1mbit", "queue": "100ms"}, 1000, 12),
        ({"rate": "1mbit", "queue": "5kb"}, 1000, 5),
        ({"rate": "1mbit", "queue": "4.999kb"}, 1000, 4),
        ({"rate": "1mbit", "queue": "7p"}, 1000, 7),
        ({"rate": "1mbit", "queue": "1b"}, 1000, 1),  # an empty queue admits any packet
        ({"rate": "1bit", "queue": "1ms"}, 1000, 1),
    ],
)
def test_drops_what_finds_the_queue_full(written: dict[str, str], size: int, admitted: int) -> None:
    """The queue holds what its limit says; each packet beyond is dropped, the newest first."""
    bench = Bench()
    element = rate(bench, **written)
    burst = packets(400, size)
    element.push(burst)
    assert len(element) == admitted
    assert bench.dropped.packets == burst[admitted:]
    assert set(bench.dropped.causes) == {"queue"}


def test_room_returns_as_packets_leave() -> None:
    """A full queue takes one more packet for each that has left."""
    bench = Bench()
    element = rate(bench, rate="1mbit", queue="2p")
    element.push([packet(125, at) for at in (0, 0, 0, MS - 1, MS, 2 * MS)])
    assert [packet.time for packet in bench.dropped.packets] == [0, MS - 1]
    assert times(element.pop(SECOND)[0]) == [1 * MS, 2 * MS, 3 * MS, 4 * MS]


def test_late_wake_up_is_no_burst() -> None:
    """64 packets that arrived 1 ms apart but are pushed at once each meet the queue as of their arrival."""
    bench = Bench()
    element = rate(bench, rate="1mbit", queue="2p")
    element.push(packets(64, size=125, gap=MS))
    assert bench.dropped.packets == []
    assert times(element.pop(SECOND)[0]) == [n * MS for n in range(1, 65)]


def test_nothing_is_handed_on_early() -> None:
    """Packets that departed while newer ones were admitted wait for `pop`, due at once."""
    element = rate(rate="1mbit")
    element.push(packets(3, size=125, gap=5 * MS))
    assert element.deadline() == 1 * MS
    assert times(element.pop(6 * MS)[0]) == [1 * MS, 6 * MS]


@pytest.mark.parametrize(("new_rate", "due_ms"), [("2mbit", [6, 10]), ("500kbit", [12, 28]), ("1mbit", [8, 16])])
def test_new_rate_holds_for_the_bits_that_are_left(new_rate: str, due_ms: list[int]) -> None:
    """Half of the first packet's 8 ms has been sent at 4 ms; the other half takes the new rate."""
    element = rate(rate="1mbit")
    element.push(packets(2, size=1000))
    element.configure(requested(rate=new_rate), 4 * MS)
    assert times(element.pop(SECOND)[0]) == [ms * MS for ms in due_ms]


def test_two_changes_within_one_packet() -> None:
    """A quarter at 1 mbit, a quarter at 2 mbit, half at 500 kbit: 2 + 1 + 8 ms."""
    element = rate(rate="1mbit")
    element.push([packet(1000)])
    element.configure(requested(rate="2mbit"), 2 * MS)
    element.configure(requested(rate="500kbit"), 3 * MS)
    assert times(element.pop(SECOND)[0]) == [11 * MS]


def test_smaller_queue_drops_nothing_that_is_held() -> None:
    """A new limit applies to newcomers; admitted packets stay."""
    bench = Bench()
    element = rate(bench, rate="1mbit", queue="10p")
    element.push(packets(10))
    element.configure(requested(rate="1mbit", queue="3p"), 1 * MS)
    assert (len(element), bench.dropped.packets) == (10, [])
    element.push([packet(1000, 2 * MS)])
    assert bench.dropped.causes == ["queue"]


def test_turned_off_it_lets_all_go_at_once() -> None:
    """When the rate is cleared, all held packets are due at the change, in order."""
    element = rate(rate="1mbit")
    held = packets(5)
    element.push(held)
    element.configure(LinkConditions(), 9 * MS)
    assert element.deadline() == 8 * MS
    forward, _ = element.pop(9 * MS)
    assert forward == held
    assert times(forward) == [8 * MS, 9 * MS, 9 * MS, 9 * MS, 9 * MS]


def test_give_and_adopt() -> None:
    """Migrated packets keep their arrival time; the new element sends them behind its own, none before `now`."""
    here, there = rate(rate="1mbit"), rate(rate="1mbit", queue="1p")
    sent = packets(4, size=125)
    here.push(sent)
    there.push(packets(1, size=125, time=2 * MS))
    given = here.migrate_out(lambda packet: packet in sent[::2])
    assert (given, times(given)) == (sent[::2], [0, 0])
    there.migrate_in(given, 2 * MS)
    assert times(there.pop(SECOND)[0]) == [3 * MS, 4 * MS, 5 * MS]
    assert times(here.pop(SECOND)[0]) == [1 * MS, 2 * MS]


@pytest.mark.issue(15)
def test_a_burst_leaves_at_once() -> None:
    """A full bucket of 1000 bytes lets eight packets of 125 bytes pass at once; the others keep to the rate."""
    element = rate(rate="1mbit", burst="1kb")
    element.push(packets(11, size=125, time=SECOND))
    assert times(element.pop(2 * SECOND)[0]) == [SECOND] * 8 + [SECOND + n * MS for n in (1, 2, 3)]


@pytest.mark.issue(15)
def test_a_bucket_fills_at_the_rate_and_holds_no_more_than_the_burst() -> None:
    """5 ms after the bucket of 8 ms is empty, five packets pass at once; after a long pause again only eight."""
    element = rate(rate="1mbit", burst="1kb")
    element.push(packets(8, size=125, time=SECOND))
    element.push(packets(7, size=125, time=SECOND + 5 * MS))
    element.push(packets(9, size=125, time=9 * SECOND))
    expected = [SECOND] * 8 + [SECOND + 5 * MS] * 5 + [SECOND + 6 * MS, SECOND + 7 * MS]
    assert times(element.pop(99 * SECOND)[0]) == expected + [9 * SECOND] * 8 + [9 * SECOND + MS]


@pytest.mark.issue(15)
def test_a_packet_longer_than_the_burst_takes_the_rest_of_its_time() -> None:
    """A packet of 1000 bytes leaves a full bucket of 500 bytes after 4 ms; tc-tbf would drop it."""
    element = rate(rate="1mbit", burst="500b")
    element.push(packets(2, size=1000, time=SECOND))
    assert times(element.pop(2 * SECOND)[0]) == [SECOND + 4 * MS, SECOND + 12 * MS]


@pytest.mark.issue(15)
def test_no_more_than_burst_and_rate_in_any_interval() -> None:
    """Whatever arrives, from any packet to any later one no more passes than the burst and the rate allow."""
    random = Random(4)
    element = rate(rate="1mbit", burst="3kb", queue="1s")
    at, sent = SECOND, []
    for _ in range(400):
        at += random.choice([0, 0, 0, MS, 30 * MS])
        sent.append(packet(random.randrange(60, 1500), at))
    element.push(sent)
    left = element.pop(99 * SECOND)[0]
    assert len(left) > 300
    for first in range(0, len(left), 7):
        size = 0
        for each in left[first:]:
            size += each.size
            assert size <= 3000 + (each.time - left[first].time) / 8000 + 0.01


@pytest.mark.issue(15)
def test_a_burst_of_one_second_without_a_queue_is_a_policer() -> None:
    """A second's worth of tokens and a queue of one packet: what finds no token is dropped."""
    bench = Bench()
    element = rate(bench, rate="1mbit", burst="125kb", queue="1p")
    element.push(packets(1100, size=125, time=5 * SECOND))
    assert times(element.pop(5 * SECOND)[0]) == [5 * SECOND] * 1000
    assert (len(element), set(bench.dropped.causes), len(bench.dropped.packets)) == (1, {"queue"}, 99)


@pytest.mark.issue(15)
def test_a_change_of_the_burst_is_in_force_at_once() -> None:
    """The bucket that an idle link has filled is as large as it is now."""
    element = rate(rate="1mbit")
    element.configure(requested(rate="1mbit", burst="250b"), SECOND)
    element.push(packets(3, size=125, time=2 * SECOND))
    element.configure(requested(rate="1mbit"), 3 * SECOND)
    element.push(packets(2, size=125, time=4 * SECOND))
    expected = [2 * SECOND, 2 * SECOND, 2 * SECOND + MS, 4 * SECOND + MS, 4 * SECOND + 2 * MS]
    assert times(element.pop(9 * SECOND)[0]) == expected


@pytest.mark.issue(15)
@pytest.mark.parametrize(("size", "cells"), [(48, 1), (49, 2), (50, 2), (96, 2), (1500, 32)])
def test_packets_take_whole_cells(size: int, cells: int) -> None:
    """A packet of 50 bytes takes two ATM cells, 106 bytes on the wire, as in tc-netem(8)."""
    element = rate(rate="8mbit", cell="48b", cell_overhead="5b")
    element.push(packets(1, size=size))
    assert times(element.pop(SECOND)[0]) == [cells * 53_000]


@pytest.mark.issue(15)
def test_overhead_comes_before_cells() -> None:
    """The overhead of a packet is part of what is cut into cells; that of a cell is needed for none."""
    element = rate(rate="8mbit", overhead="8b", cell="48b")
    element.push(packets(1, size=41))
    assert times(element.pop(SECOND)[0]) == [96_000]
