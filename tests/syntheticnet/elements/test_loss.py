"""Loss: which packets it drops; the others pass unchanged."""

from __future__ import annotations

from math import sqrt
from random import Random

import pytest

from syntheticnet.elements.loss import Loss

from ..builders import MS, Bench, packets, requested, times

MANY = 50_000


@pytest.mark.parametrize("percent", ["5%", "0.5%", "50%"])
def test_drops_its_share(percent: str) -> None:
    """The count of drops lies within five standard errors of the share, and the rest passes in order."""
    bench = Bench(5)
    element = Loss(requested(loss=percent), bench.context)
    sent = packets(MANY, size=1)
    element.push(sent)
    forward, backward = element.pop(0)
    share = float(percent[:-1]) / 100
    assert abs(len(bench.dropped.packets) - share * MANY) < 5 * sqrt(MANY * share * (1 - share))
    dropped = set(bench.dropped.packets)
    assert (forward, backward) == ([packet for packet in sent if packet not in dropped], [])
    assert set(bench.dropped.causes) == {"loss"}


def test_drops_are_those_of_its_random_stream() -> None:
    """One draw per packet: the same seed drops the same packets, however they are batched."""
    draws = Random("5")
    lost = [n for n in range(1000) if draws.random() < 0.1]
    bench = Bench(5)
    element = Loss(requested(loss="10%"), bench.context)
    sent = packets(1000, gap=1)
    for start, end in ((0, 1), (1, 65), (65, 1000)):
        element.push(sent[start:end])
    assert times(bench.dropped.packets) == lost


def test_all_and_none() -> None:
    """100 % drops every packet; 0 % is no loss at all."""
    bench = Bench(5)
    element = Loss(requested(loss="100%"), bench.context)
    element.push(packets(1000))
    assert (len(bench.dropped.packets), element.pop(0)) == (1000, ([], []))
    assert not Loss.enabled(requested(loss="0%"))
    assert not Loss.enabled(requested())


def test_passes_at_once_with_the_time_unchanged() -> None:
    """A packet that passes is due on arrival, and held until the next `pop`."""
    element = Loss(requested(loss="0.01%"), Bench().context)
    element.push(packets(2, time=3 * MS, gap=MS))
    assert (element.deadline(), len(element)) == (3 * MS, 2)
    assert times(element.pop(4 * MS)[0]) == [3 * MS, 4 * MS]
    assert (element.deadline(), len(element)) == (None, 0)


def test_new_share_is_in_force_at_once() -> None:
    """A change applies to the next packet."""
    bench = Bench(5)
    element = Loss(requested(loss="100%"), bench.context)
    element.configure(requested(loss="0%"), 0)
    element.push(packets(100))
    assert (len(element), bench.dropped.packets) == (100, [])


def test_bursts_are_for_another_element() -> None:
    """With a burst length BurstLoss applies instead, never both."""
    assert not Loss.enabled(requested(loss="5%", loss_burst="4p"))
    assert "loss_burst" in Loss.depends_on
