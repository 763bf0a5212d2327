"""Correlated loss, corruption, duplication, reordering and skipping: the stated share, in runs of the stated law."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from math import sqrt
from random import Random

import pytest

from syntheticnet.elements import Element, ElementContext
from syntheticnet.elements.chance import Chance
from syntheticnet.elements.corrupt import Corrupt
from syntheticnet.elements.delay import Delay
from syntheticnet.elements.duplicate import Duplicate
from syntheticnet.elements.loss import Loss
from syntheticnet.elements.reorder import Reorder
from syntheticnet.packets.packet import Packet

from ..builders import MS, SECOND, Bench, carrying, exactly, packets, requested, udp_frame

pytestmark = pytest.mark.issue(15)

MANY = 10_000


def is_chain(hits: list[bool], share: float, correlation: float) -> bool:
    """Whether a two-state chain of this law may have made these hits: five standard errors, 1 in 1.7 million.

    Consecutive hits of such a chain correlate by c^k, which widens the error of the mean by (1 + c) / (1 - c).
    """
    again = correlation + (1 - correlation) * share
    error = sqrt(share * (1 - share) * (1 + correlation) / (1 - correlation) / len(hits))
    after = [second for first, second in pairwise(hits) if first]
    return (
        abs(sum(hits) / len(hits) - share) < 5 * error
        and abs(sum(after) / len(after) - again) < 5 * sqrt(again * (1 - again) / len(after)) + 1e-9
    )


@pytest.mark.parametrize(("share", "correlation"), [(0.1, 0.25), (0.02, 0.25), (0.2, 0.75), (0.5, 0.9), (0.1, 0.0)])
def test_the_share_is_kept(share: float, correlation: float) -> None:
    """The share of hits is the one stated, and P(hit after hit) = c + (1 - c) p, within five standard errors."""
    chance = Chance(Random(1), share, correlation)
    hits = [chance.hit() for _ in range(100_000)]
    assert is_chain(hits, share, correlation)


def test_another_law_is_told_apart() -> None:
    """Neither the same share without correlation, nor tc-netem's own law, passes for such a chain."""
    random = Random(1)
    assert not is_chain([random.random() < 0.1 for _ in range(MANY)], 0.1, 0.25)
    last, hits = 0.5, []
    for _ in range(MANY):
        last = 0.75 * random.random() + 0.25 * last
        hits.append(last < 0.1)
    assert not is_chain(hits, 0.1, 0.25)


def test_all_and_none() -> None:
    """A share of 100 % hits every packet, and one of 0 % none, whatever the correlation."""
    every, none = Chance(Random(1), 1.0, 0.9), Chance(Random(1), 0.0, 0.9)
    assert all(every.hit() for _ in range(1000))
    assert not any(none.hit() for _ in range(1000))


def lost(context: ElementContext) -> Element:
    return Loss(requested(loss="10%", loss_correlation="50%"), context)


def corrupted(context: ElementContext) -> Element:
    return Corrupt(requested(corrupt="10%", corrupt_correlation="50%"), context)


def copied(context: ElementContext) -> Element:
    return Duplicate(requested(duplicate="10%", duplicate_correlation="50%"), context)


def held(context: ElementContext) -> Element:
    return Reorder(requested(reorder="10%", reorder_correlation="50%"), context)


def early(context: ElementContext) -> Element:
    return Delay(requested(latency="1ms", early="10%", early_correlation="50%"), context)


@pytest.mark.parametrize("make", [lost, corrupted, copied, held, early])
def test_every_element_with_a_correlation_keeps_its_share(make: Callable[[ElementContext], Element]) -> None:
    """Which packets are lost, changed, sent twice, overtaken or early follows that law."""
    bench = Bench(3)
    element = make(bench.context)
    frame = udp_frame("10.9.0.1", "10.9.0.2", 1, 2)
    sent = [carrying(frame, 2 * MS * number) for number in range(MANY)]
    element.push(sent)
    left = element.pop(2 * MS * MANY + SECOND)[0]
    touched: dict[Callable[[ElementContext], Element], set[Packet]] = {
        lost: set(bench.dropped.packets),
        corrupted: {packet for packet in sent if packet.buffer != frame},
        copied: {one for one, other in pairwise(left) if other in set(bench.copied)},
        held: {packet for packet in sent if packet.time != packet.entered},
        early: {packet for packet in sent if packet.time == packet.entered},
    }
    assert is_chain([packet in touched[make] for packet in sent], 0.1, 0.5)


def test_a_restart_forgets_the_last_packet() -> None:
    """The draws after a seed do not depend on what was hit before."""
    element = Loss(requested(loss="50%", loss_correlation="90%"), Bench().context)
    rng = element.context.rng
    assert isinstance(rng, Random)
    fates = []
    for _ in range(2):
        rng.seed(4)
        element.restart()
        element.push(packets(50))
        fates.append([packet.entered for packet in element.pop(0)[0]])
    assert fates[0] == fates[1]


def test_a_gap_keeps_early_packets_apart() -> None:
    """With a gap of 5 the first 4 are delayed, then each is early with the stated share until one is."""
    element = Delay(requested(latency="20ms", early="100%", early_gap="5p"), Bench().context)
    sent = packets(20, gap=MS)
    element.push(sent)
    element.pop(SECOND)
    assert [number for number, packet in enumerate(sent) if packet.time == packet.entered] == [4, 9, 14, 19]
    some = Delay(requested(latency="20ms", early="25%", early_gap="5p"), Bench(2).context)
    sent = packets(MANY, gap=100 * MS)
    some.push(sent)
    some.pop(100 * MS * MANY)
    places = [number for number, packet in enumerate(sent) if packet.time == packet.entered]
    distances = [after - before for before, after in pairwise(places)]
    assert min(distances) == 5
    # 4 packets, then a geometric law of mean 4 and variance (1 - p) / p^2 = 12
    assert abs(sum(distances) / len(distances) - 8) < 5 * sqrt(12 / len(distances))


def test_a_correlation_of_all_is_refused() -> None:
    """The first packet would decide for all others, and the share would not be kept."""
    line = "loss_correlation: '100%' is not below 100%: the first packet would decide for all"
    with pytest.raises(ValueError, match=exactly(line)):
        requested(loss="10%", loss_correlation="100%")
