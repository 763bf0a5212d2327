"""BurstLoss: the steady state and burst length of a Gilbert-Elliott model."""

from __future__ import annotations

from dataclasses import astuple
from itertools import groupby, pairwise
from math import sqrt

import pytest

from syntheticnet.conditions import LinkConditions
from syntheticnet.elements.burst_loss import BurstLoss, gilbert

from ..builders import Bench, packets, requested

MANY = 100_000


def fates(values: LinkConditions, count: int = MANY, seed: int = 1) -> list[bool]:
    """Whether each packet was lost."""
    bench = Bench(seed)
    element = BurstLoss(values, bench.context)
    sent = packets(count, size=1)
    element.push(sent)
    lost = set(bench.dropped.packets)
    assert len(lost) + len(element.pop(0)[0]) == count
    assert set(bench.dropped.causes) <= {"loss"}
    return [packet in lost for packet in sent]


def bursts(lost: list[bool]) -> list[int]:
    return [len(list(run)) for is_lost, run in groupby(lost) if is_lost]


@pytest.mark.parametrize(("loss", "burst"), [("5%", "4p"), ("20%", "2.5p"), ("1%", "1p"), ("50%", "10p")])
def test_average_and_mean_burst(loss: str, burst: str) -> None:
    """The share lost is the loss, and the mean run of lost packets is the burst, within five standard errors."""
    share, length = float(loss[:-1]) / 100, float(burst[:-1])
    lost = fates(requested(loss=loss, loss_burst=burst))
    # A two-state chain's neighbours correlate by 1 - p - r, which widens the error of the mean.
    correlation = 1 - (1 / length) * share / (1 - share) - 1 / length
    error = sqrt(share * (1 - share) * (1 + correlation) / (1 - correlation) / MANY)
    assert abs(sum(lost) / MANY - share) < 5 * error
    runs = bursts(lost)
    spread = sqrt(max(length * (length - 1), 1e-9))  # of a geometric law
    assert abs(sum(runs) / len(runs) - length) <= 5 * spread / sqrt(len(runs)) + 1e-9


def test_gemodel() -> None:
    """The share lost is that of each state, weighted by how long the chain is in it: p / (p + r) in the bad one."""
    lost = fates(requested(loss_gemodel="1% 10% 70% 0.1%"))
    share = (0.01 * 0.7 + 0.10 * 0.001) / 0.11
    assert abs(sum(lost) / MANY - share) < 5 * sqrt(share * (1 - share) / MANY * (1 + 0.89) / (1 - 0.89))


def test_gemodel_of_one_number_is_independent_loss() -> None:
    """With netem's default r = 1-p the state does not depend on the one before (Bernoulli)."""
    lost = fates(requested(loss_gemodel="10%"))
    assert abs(sum(lost) / MANY - 0.1) < 5 * sqrt(0.09 / MANY)
    pairs = sum(one and other for one, other in pairwise(lost))
    assert abs(pairs / MANY - 0.01) < 5 * sqrt(0.01 / MANY)


def test_parameters() -> None:
    """p = r * share / (1 - share), r = 1 / burst; all is lost at 100 %; a burst too short for the share is longer."""
    assert astuple(gilbert(0.2, 4.0)) == pytest.approx((0.0625, 0.25, 1.0, 0.0))
    assert astuple(gilbert(0.9, 2.0)) == pytest.approx((1.0, 1 / 9, 1.0, 0.0))
    assert all(fates(requested(loss="100%", loss_burst="4p"), 1000))


def test_live_change_keeps_the_state() -> None:
    """A change to 100 % or 0 % applies from the next packet on."""
    bench = Bench()
    element = BurstLoss(requested(loss="50%", loss_burst="100p"), bench.context)
    element.push(packets(100))
    element.configure(requested(loss="100%", loss_burst="1p"), 0)
    before = len(bench.dropped.packets)
    element.push(packets(50))
    assert len(bench.dropped.packets) == before + 50
    element.configure(requested(), 0)
    element.push(packets(50))
    assert len(bench.dropped.packets) == before + 50


def test_wanted() -> None:
    """Loss without a burst length belongs to Loss; a share of 0 enables neither."""
    assert not BurstLoss.enabled(requested(loss="5%"))
    assert not BurstLoss.enabled(requested(loss="0%", loss_burst="4p"))
    assert BurstLoss.enabled(requested(loss_gemodel="1%"))
