"""PieQueue: the probability, whom it strikes, bursts, marks and the delay it leads to, as RFC 8033 describes them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from random import Random
from statistics import mean
from typing import Any

import pytest

from syntheticnet.elements.pie import Pie
from syntheticnet.elements.rate import Rate
from syntheticnet.packets.packet import IP, Packet

from ..builders import MS, SECOND, Bench, requested
from .senders import CE, ECT, FULL, Sender, waits_ms

pytestmark = pytest.mark.issue(15)

RATE_BPS = 10_000_000
OWN_MS = FULL * 8 * 1000 / RATE_BPS
"""How long a full-size packet's own bits take."""
LONG = 100 * FULL


def pie(bench: Bench, **written: Any) -> Rate:
    return Rate(requested(**{"rate": "10mbit", "aqm": "pie"} | written), bench.context)


def poisson(load: float, seconds: float, seed: int = 1, ecn: int = 0) -> list[Packet]:
    """Full-size packets at random times, on average `load` times the rate."""
    sender, random = Sender(1, ecn=ecn), Random(seed)

    def times() -> Iterator[int]:
        time = 0.0
        while (time := time + random.expovariate(load * RATE_BPS / (8 * FULL))) < seconds:
            yield round(time * SECOND)

    return [sender.packet(time) for time in times()]


def controller(delays_ms: Sequence[float], **written: Any) -> Pie:
    """A controller after an update with each of these delays."""
    made = Pie(Random(1))
    made.set(requested(rate="1mbit", aqm="pie", **written))
    made.update(0)
    for number, delay in enumerate(delays_ms, 1):
        made.delay = round(delay * MS)
        made.update(number * 15 * MS)
    return made


def test_the_probability_follows_the_delay() -> None:
    """0.125 of what the delay exceeds the target and 1.25 of its growth, in seconds, over 2048 at first (4.2)."""
    first = (0.125 * (0.035 - 0.015) + 1.25 * 0.035) / 2048
    assert controller([35]).probability == pytest.approx(first)
    # 2.3e-5 lies between 10 and 100 millionths: the next change counts a 128th.
    second = first + (0.125 * (0.045 - 0.015) + 1.25 * 0.010) / 128
    assert controller([35, 45]).probability == pytest.approx(second)
    assert controller([35, 45, 0, 0, 0]).probability == 0


def test_steps_grow_with_the_probability_but_not_beyond_two_percent() -> None:
    """From one part in a million on, the steps of a standing delay grow, to 2 % where it is above 10 % (4.2, 5.5)."""
    probabilities = [controller([515] * count).probability for count in range(1, 60)]
    steps = [later - before for before, later in pairwise(probabilities)]
    assert all(step == pytest.approx(0.02) for step, p in zip(steps, probabilities, strict=False) if 0.1 <= p < 0.98)
    small = [round(step, 9) for step, p in zip(steps, probabilities, strict=False) if p < 0.1]
    assert small == sorted(small)
    assert probabilities[-1] == 1.0


def test_it_decays_when_nothing_waits() -> None:
    """Two updates without delay take 2 % of the probability away, besides what the target takes (4.2)."""
    before = controller([515] * 60 + [0]).probability
    assert controller([515] * 60 + [0, 0]).probability == pytest.approx((before - 0.125 * 0.015) * 0.98)


def test_a_pause_is_made_up_for() -> None:
    """After an hour without packets nothing of the past remains, and bursts pass again."""
    made = controller([515] * 60)
    made.delay = 0
    made.update(3600 * SECOND)
    assert made.probability == 0
    assert not made.strikes(LONG)
    made.delay = 500 * MS
    made.update(3600 * SECOND + 14 * MS)
    assert made.probability == 0  # updates keep to the beat of 15 ms
    made.update(3600 * SECOND + 15 * MS)
    assert made.probability > 0


def test_strikes_keep_their_distance() -> None:
    """With probability p, a strike follows the last after 0.85 / p to 8.5 / p packets (5.4)."""
    made = controller([20] * 20)
    made.probability = 0.05
    strikes = [number for number in range(50_000) if made.strikes(LONG)]
    gaps = [later - before for before, later in pairwise(strikes)]
    assert min(gaps) >= 17
    assert max(gaps) <= 170
    # 17 packets are safe, then each is struck with 5 %: 16 + 20 on average, with a deviation of 19.5 each.
    assert mean(gaps) == pytest.approx(36, abs=5 * 19.5 / len(gaps) ** 0.5)


@pytest.mark.parametrize(("waiting", "struck"), [(2 * FULL, False), (2 * FULL + 1, True)])
def test_two_packets_may_always_wait(waiting: int, struck: bool) -> None:
    """A short queue is left alone, whatever the probability (4.1)."""
    made = controller([515] * 60)
    assert any(made.strikes(waiting) for _ in range(100)) == struck


@pytest.mark.parametrize("burst_ms", [0, 150, 600])
def test_a_burst_passes(burst_ms: int) -> None:
    """For `pie_burst` after the queue began to grow nothing is dropped; soon after that something is (4.4)."""
    bench = Bench()
    element = pie(bench, pie_burst=f"{burst_ms}ms")
    element.push(Sender(1).packets(2000, 0, 600_000))  # twice the rate
    assert set(bench.dropped.causes) == {"pie"}
    first_ms = bench.dropped.packets[0].entered / MS
    assert burst_ms <= first_ms <= max(burst_ms, 150) + 100


@pytest.mark.parametrize("load", [1.1, 1.5, 2.0])
def test_the_delay_is_near_the_target_under_any_load(load: float) -> None:
    """Whoever sends too much without caring loses what is too much, and the others wait 15 ms on average.

    Over 25 s the integral part forbids a lasting error; the noise of arrivals leaves 20 %.
    """
    bench = Bench()
    element = pie(bench)
    sent = poisson(load, 30)
    element.push(sent)
    out, _ = element.pop(100 * SECOND)
    assert mean(waits_ms(out, 5)) - OWN_MS == pytest.approx(15, rel=0.2)
    lost = sum(packet.entered > 5 * SECOND for packet in bench.dropped.packets)
    came = sum(packet.entered > 5 * SECOND for packet in sent)
    # Arrivals are Poisson: a deviation of 1 / sqrt(came) of the load, taken 5 times, and what waits at the ends.
    assert lost / came == pytest.approx(1 - 1 / load, abs=5 / came**0.5)


def test_another_target() -> None:
    """The delay follows `pie_target`."""
    element = pie(Bench(), pie_target="40ms")
    element.push(poisson(1.5, 30))
    out, _ = element.pop(100 * SECOND)
    assert mean(waits_ms(out, 5)) - OWN_MS == pytest.approx(40, rel=0.2)


def test_nothing_is_dropped_below_the_rate() -> None:
    """At 80 % of the rate packets seldom wait, and none is lost."""
    bench = Bench()
    element = pie(bench)
    element.push(poisson(0.8, 10))
    assert bench.dropped.packets == []


@pytest.mark.parametrize("threshold", ["0%", "10%", "100%"])
def test_marks_up_to_the_threshold(threshold: str) -> None:
    """ECN-capable packets are marked up to this probability, and dropped above (5.1)."""
    bench = Bench()
    element = pie(bench, ecn=True, pie_ecn_threshold=threshold)
    element.push(poisson(1.5, 5, ecn=ECT))
    out, _ = element.pop(100 * SECOND)
    marks = [packet.entered for packet in out if packet.buffer[IP + 1] & CE == CE]
    drops = [packet.entered for packet in bench.dropped.packets]
    if threshold == "0%":
        assert drops
        assert not marks
    elif threshold == "100%":
        assert marks
        assert not [cause for cause in bench.dropped.causes if cause == "pie"]
    else:
        assert marks[0] < drops[0]  # a load of 1.5 needs a probability far above 10 %


def test_others_are_dropped_instead_of_marked() -> None:
    """A packet that is not ECN-capable cannot be marked."""
    bench = Bench()
    element = pie(bench, ecn=True, pie_ecn_threshold="100%")
    element.push(poisson(1.5, 3))
    assert set(bench.dropped.causes) == {"pie"}


def test_a_full_queue_drops_too() -> None:
    """Until the probability has risen, only the limit helps: 1000 packets unless given, as tc-pie has it."""
    for written, held in (({}, 1000), ({"queue": "7p"}, 7)):
        bench = Bench()
        element = pie(bench, **written)
        element.push(Sender(1, 100).packets(1100))
        assert (len(element), set(bench.dropped.causes)) == (held, {"queue"})


def test_a_seed_repeats_the_drops() -> None:
    """The same seed and packets give the same drops, another seed others; `restart` begins as a new queue does."""

    def dropped(element: Rate, bench: Bench, start: int) -> list[int]:
        known = len(bench.dropped.packets)
        sent = poisson(1.5, 3)
        for packet in sent:
            packet.time += start
        element.push(sent)
        element.pop(start + 50 * SECOND)
        return [sent.index(packet) for packet in bench.dropped.packets[known:]]

    one, same, other = Bench(1), Bench(1), Bench(2)
    first = dropped(pie(one), one, 0)
    assert first == dropped(pie(same), same, 0) != dropped(pie(other), other, 0)
    again = Bench(3)
    element = pie(again)
    dropped(element, again, 0)
    again.context.rng.seed("1")  # type: ignore[attr-defined]
    element.restart()
    assert dropped(element, again, 60 * SECOND) == first
