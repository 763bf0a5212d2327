"""Correlated jitter: the stated distribution, and neighbours that correlate as stated."""

from __future__ import annotations

from itertools import pairwise
from math import sqrt
from random import Random
from statistics import correlation, fmean, pstdev

import pytest

from syntheticnet.conditions.files import Files
from syntheticnet.elements.delay import Delay
from syntheticnet.elements.distribution import normal, one_sided, pareto, paretonormal, uniform

from ..builders import MS, SECOND, Bench, packets, requested

pytestmark = pytest.mark.issue(15)

MANY, PIECES = 12_000, 20
LAWS = {"uniform": uniform, "one-sided": one_sided, "normal": normal, "pareto": pareto, "paretonormal": paretonormal}


def waits_ms(seed: int = 1, **written: str) -> list[float]:
    """The delays, in ms, of packets spaced too far apart to wait for each other."""
    bench = Bench(seed, Files({"table": b"8192 -8192 0 4096"}))
    element = Delay(requested(latency="200ms", jitter="20ms", **written), bench.context)
    sent = packets(MANY, gap=500 * MS)
    element.push(sent)
    element.pop(MANY * 500 * MS + SECOND)
    return [(packet.time - packet.entered) / MS for packet in sent]


def estimate(figures: list[float]) -> tuple[float, float]:
    """The mean of figures of independent pieces, and its standard error."""
    return fmean(figures), pstdev(figures) / sqrt(len(figures) - 1)


def pieces(waits: list[float]) -> list[list[float]]:
    size = len(waits) // PIECES
    return [waits[at : at + size] for at in range(0, len(waits), size)]


@pytest.mark.parametrize("law", LAWS)
@pytest.mark.parametrize("percent", ["25%", "80%"])
def test_distribution_and_correlation(law: str, percent: str) -> None:
    """Mean and spread are those of independent draws, neighbours correlate as stated, next but one by the square.

    Within six standard errors, estimated from 20 pieces (Student's t with 19 degrees of freedom: 1 in 110,000).
    """
    stated = float(percent[:-1]) / 100
    waits = waits_ms(distribution=law, jitter_correlation=percent)
    random = Random(2)
    apart = [200 + 20 * LAWS[law](random.random()) for _ in range(60_000)]
    for of in (fmean, pstdev):
        mean, error = estimate([of(piece) for piece in pieces(waits)])
        assert abs(mean - of(apart)) < 6 * error + 0.1
    near, error = estimate([correlation(piece[:-1], piece[1:]) for piece in pieces(waits)])
    assert abs(near - stated) < 6 * error + 0.005
    if law == "normal":  # that of the others falls a little faster
        far, error = estimate([correlation(piece[:-2], piece[2:]) for piece in pieces(waits)])
        assert abs(far - stated**2) < 6 * error + 0.005


def test_a_table_in_any_order() -> None:
    """Each entry comes up as often as any other, and neighbours correlate as stated."""
    waits = waits_ms(jitter_table="table", jitter_correlation="60%")
    assert set(waits) == {180.0, 200.0, 210.0, 220.0}
    for value in set(waits):
        mean, error = estimate([piece.count(value) / len(piece) for piece in pieces(waits)])
        assert abs(mean - 0.25) < 6 * error
    near, error = estimate([correlation(piece[:-1], piece[1:]) for piece in pieces(waits)])
    assert abs(near - 0.6) < 6 * error + 0.005


def test_without_it_neighbours_do_not_correlate() -> None:
    """The measure of the other tests tells them apart."""
    near, error = estimate([correlation(piece[:-1], piece[1:]) for piece in pieces(waits_ms())])
    assert abs(near) < 6 * error
    assert 6 * error < 0.1


def test_a_ramp_of_the_latency_does_not_start_it_anew() -> None:
    """With another latency at each packet, the jitter of neighbours correlates all the same."""
    element = Delay(requested(latency="200ms", jitter="20ms", jitter_correlation="90%"), Bench().context)
    waits = []
    for number in range(2000):
        at = number * 500 * MS
        latency = 200 + number % 7
        element.configure(requested(latency=f"{latency}ms", jitter="20ms", jitter_correlation="90%"), at)
        (packet,) = packets(1, time=at)
        element.push([packet])
        element.pop(at + 499 * MS)
        waits.append((packet.time - at) / MS - latency)
    assert correlation(*map(list, zip(*pairwise(waits), strict=True))) > 0.85
