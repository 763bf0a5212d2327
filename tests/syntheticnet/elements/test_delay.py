"""Delay: how long packets wait, their order, and what a live change does to held packets."""

from __future__ import annotations

from dataclasses import replace
from math import sqrt
from random import Random
from typing import Any

import pytest

from syntheticnet.conditions import LinkConditions
from syntheticnet.elements.delay import Delay
from syntheticnet.forwarder.link import SeededStream
from syntheticnet.packets.packet import Packet

from ..builders import MS, SECOND, Bench, packets, requested, times

MANY = 20_000
APART = 100 * MS


def delay(seed: int = 1, **written: Any) -> Delay:
    return Delay(requested(**written), Bench(seed).context)


def passed(element: Delay, count: int, gap: int) -> list[Packet]:
    """`count` packets after they went through."""
    sent = packets(count, size=100, gap=gap)
    element.push(sent)
    forward, _ = element.pop(count * gap + 120 * SECOND)
    assert set(forward) == set(sent)
    return forward


def waits_ms(element: Delay, count: int = MANY) -> list[float]:
    """The delays of packets spaced too far apart to wait for each other."""
    return [(packet.time - packet.entered) / MS for packet in passed(element, count, APART)]


def test_latency_is_exact() -> None:
    """Each packet is due `latency` after it came, to the nanosecond, and not before."""
    element = delay(latency="80ms")
    element.push(packets(3, gap=7))
    assert element.deadline() == 80 * MS
    assert element.pop(80 * MS - 1) == ([], [])
    assert times(element.pop(80 * MS + 7)[0]) == [80 * MS, 80 * MS + 7]
    assert (len(element), element.deadline()) == (1, 80 * MS + 14)


def test_jitter_is_uniform_on_both_sides() -> None:
    """Waits lie within latency-jitter and latency+jitter, with the mean of the latency and the spread of the law."""
    waits = waits_ms(delay(latency="40ms", jitter="20ms"))
    assert 20 <= min(waits) < 20.1
    assert 59.9 < max(waits) <= 60
    spread = 40 / sqrt(12)
    assert abs(sum(waits) / MANY - 40) < 5 * spread / sqrt(MANY)


def test_one_sided_jitter_only_adds() -> None:
    """Waits lie within latency and latency+jitter."""
    waits = waits_ms(delay(latency="40ms", jitter="20ms", distribution="one-sided"))
    assert 40 <= min(waits) < 40.1
    assert 59.9 < max(waits) <= 60


def test_share_leaves_the_others_at_the_latency() -> None:
    """With a jitter share of 30 % the other 70 % wait for exactly the latency."""
    waits = waits_ms(delay(latency="40ms", jitter="20ms", distribution="one-sided", jitter_share="30%"))
    touched = sum(wait != 40 for wait in waits)
    assert abs(touched - 0.3 * MANY) < 5 * sqrt(MANY * 0.3 * 0.7)


def test_never_a_negative_wait() -> None:
    """Delays are clipped at 0: no packet leaves before it arrived."""
    waits = waits_ms(delay(latency="5ms", jitter="20ms"))
    assert min(waits) == 0
    assert abs(waits.count(0) / MANY - 15 / 40) < 5 * sqrt(0.375 * 0.625 / MANY)


def test_jitter_keeps_the_order() -> None:
    """Packets 1 ms apart under 20 ms of jitter leave in the order in which they came."""
    forward = passed(delay(latency="40ms", jitter="20ms"), 1000, MS)
    assert forward == sorted(forward, key=lambda packet: packet.entered)
    assert times(forward) == sorted(times(forward))


def test_a_packet_waits_for_the_one_before_it() -> None:
    """Under jitter a packet is due at its own draw or with its predecessor, whichever is later."""
    draws = Random("3")
    own = [n * MS + 40 * MS + round(20 * MS * (2 * draws.random() - 1)) for n in range(500)]
    forward = passed(delay(seed=3, latency="40ms", jitter="20ms"), 500, MS)
    assert times(forward) == [max(own[: n + 1]) for n in range(500)]


def test_reordering_lets_each_go_at_its_own_time() -> None:
    """With reordering each packet leaves at its own draw, and nothing is lost."""
    forward = passed(delay(latency="40ms", jitter="20ms", reordering=True), 1000, MS)
    assert times(forward) == sorted(times(forward))
    assert [packet.entered for packet in forward] != sorted(packet.entered for packet in forward)
    assert all(20 * MS <= packet.time - packet.entered <= 60 * MS for packet in forward)


@pytest.mark.parametrize("distribution", ["uniform", "one-sided", "normal", "pareto", "paretonormal"])
def test_slack_is_the_least_wait(distribution: str) -> None:
    """No packet waits for less than the slack, whatever is drawn."""
    element = delay(latency="40ms", jitter="7.777777ms", distribution=distribution)
    assert min(waits_ms(element)) >= element.slack() / MS
    assert delay(latency="5ms", jitter="9ms").slack() == 0


def test_shorter_latency_holds_for_what_waits() -> None:
    """Shortening 500 ms to 20 ms at 100 ms: old packets are due now, recent ones after their 20 ms."""
    element = delay(latency="500ms")
    held = packets(3, gap=45 * MS)
    element.push(held)
    element.configure(requested(latency="20ms"), 100 * MS)
    assert element.deadline() == 100 * MS
    assert element.pop(100 * MS)[0] == held[:2]
    assert times(element.pop(110 * MS)[0]) == [110 * MS]


def test_longer_latency_holds_for_what_waits() -> None:
    """From 20 ms to 500 ms: the packets that wait do so for 500 ms in all."""
    element = delay(latency="20ms")
    element.push(packets(2, gap=5 * MS))
    element.configure(requested(latency="500ms"), 10 * MS)
    assert times(element.pop(SECOND)[0]) == [500 * MS, 505 * MS]


@pytest.mark.parametrize("new", [{"latency": "20ms"}, {"latency": "20ms", "jitter": "20ms"}, {}])
def test_newcomers_stay_behind_what_waited(new: dict[str, str]) -> None:
    """A change loses nothing and lets no newcomer overtake."""
    element = delay(latency="500ms", jitter="100ms")
    first, second = packets(300, gap=MS), packets(300, time=300 * MS, gap=MS)
    element.push(first)
    element.configure(requested(**new), 300 * MS)
    element.push(second)
    assert element.pop(5 * SECOND)[0] == first + second


def test_present_jitter_holds_for_what_waits() -> None:
    """A held packet keeps its draw: with twice the jitter it deviates by twice as much."""
    element, same = (delay(seed=4, latency="200ms", jitter="10ms", reordering=True) for _ in range(2))
    for each in (element, same):
        each.push(packets(1))
    element.configure(requested(latency="200ms", jitter="20ms", reordering=True), MS)
    twice, once = (each.pop(SECOND)[0][0].time for each in (element, same))
    assert twice - 200 * MS == pytest.approx(2 * (once - 200 * MS), abs=2)


def test_turned_off_it_lets_all_go_at_once() -> None:
    """When the latency is cleared, all held packets are due at the change, in order."""
    element = delay(latency="500ms", jitter="50ms")
    held = packets(100, gap=MS)
    element.push(held)
    element.configure(LinkConditions(), 150 * MS)
    forward, _ = element.pop(150 * MS)
    assert forward == held
    assert set(times(forward)) == {150 * MS}


def test_end_of_reordering_keeps_the_order_in_which_they_were_due() -> None:
    """When reordering ends, nothing is lost and newcomers queue behind."""
    element = delay(latency="40ms", jitter="20ms", reordering=True)
    first, second = packets(100, gap=MS), packets(100, time=100 * MS, gap=MS)
    element.push(first)
    element.configure(requested(latency="40ms", jitter="20ms"), 100 * MS)
    element.push(second)
    forward, _ = element.pop(SECOND)
    assert set(forward[:100]) == set(first)
    assert forward[100:] == second
    assert times(forward) == sorted(times(forward))


@pytest.mark.issue(10)
@pytest.mark.parametrize(("per_second", "mean_ms"), [(10, 200), (50, 211), (200, 226), (1000, 238)])
def test_kept_order_raises_the_mean(per_second: int, mean_ms: int) -> None:
    """By as much as docs/conditions.md says; with reordering it stays at the latency."""
    for extra, wanted in (({}, mean_ms), ({"reordering": True}, 200)):
        element = delay(latency="200ms", jitter="50ms", **extra)
        sent = packets(20_000, gap=SECOND // per_second)
        entered = sum(each.time for each in sent)
        element.push(sent)
        assert abs(sum(times(element.pop(10**15)[0])) - entered) / 20_000 / MS == pytest.approx(wanted, abs=1.5)


@pytest.mark.issue(15)
def test_a_limit_drops_what_finds_it_reached() -> None:
    """With a latency of 5 ms and a limit of 3, of packets 1 ms apart two in five are dropped."""
    bench = Bench()
    element = Delay(requested(latency="5ms", latency_limit="3p"), bench.context)
    sent = packets(12, gap=MS)
    element.push(sent)
    left, _ = element.pop(SECOND)
    assert [sent.index(packet) for packet in bench.dropped.packets] == [3, 4, 8, 9]
    assert set(bench.dropped.causes) == {"limit"}
    assert times(left) == [number * MS + 5 * MS for number in (0, 1, 2, 5, 6, 7, 10, 11)]


@pytest.mark.issue(15)
def test_a_smaller_limit_drops_nothing_that_is_held() -> None:
    """A new limit applies to newcomers."""
    bench = Bench()
    element = Delay(requested(latency="50ms", jitter="5ms"), bench.context)
    element.push(packets(10))
    element.configure(requested(latency="50ms", jitter="5ms", latency_limit="2p"), MS)
    assert (len(element), bench.dropped.packets) == (10, [])
    element.push(packets(1, time=2 * MS))
    assert bench.dropped.causes == ["limit"]


@pytest.mark.issue(15)
@pytest.mark.parametrize("written", [{}, {"jitter": "5ms"}, {"jitter": "5ms", "reordering": True}])
def test_early_packets_overtake_the_others(written: dict[str, Any]) -> None:
    """The stated share leaves on arrival, whether or not jitter keeps the order; the others wait."""
    element = delay(latency="20ms", early="25%", **written)
    assert element.slack() == 0
    left = passed(element, MANY, MS)
    early = [packet for packet in left if packet.time == packet.entered]
    assert abs(len(early) - MANY / 4) < 5 * sqrt(MANY * 0.25 * 0.75)
    assert all(packet.time - packet.entered >= 15 * MS for packet in set(left) - set(early))
    assert times(left) == sorted(times(left))


@pytest.mark.issue(15)
def test_a_restart_without_jitter_holds_for_later_jitter() -> None:
    """The stream that a seed restarts is that of jitter that is set only afterwards."""
    bench = Bench()
    stream = SeededStream("old")
    element = Delay(requested(latency="40ms"), replace(bench.context, rng=stream))
    stream.random = Random("new").random
    element.restart()
    element.configure(requested(latency="40ms", jitter="20ms"), 0)
    draws = Random("new")
    assert waits_ms(element, 5) == [round(40 * MS + 20 * MS * (2 * draws.random() - 1)) / MS for _ in range(5)]


@pytest.mark.issue(15)
def test_an_early_packet_leaves_at_once() -> None:
    """It is due on arrival, in front of what came earlier."""
    element = delay(latency="20ms", early="100%", early_gap="3p")
    element.push(packets(3, gap=MS))
    assert element.deadline() == 2 * MS
    assert times(element.pop(2 * MS)[0]) == [2 * MS]
    assert (element.deadline(), len(element)) == (20 * MS, 2)
