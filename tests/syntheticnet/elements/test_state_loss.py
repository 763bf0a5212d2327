"""StateLoss: the steady state of the four-state chain, and its special cases."""

from __future__ import annotations

from itertools import pairwise
from math import sqrt

import pytest

from syntheticnet.elements.state_loss import StateLoss

from ..builders import Bench, packets, requested

MANY = 100_000


def lost_of(text: str, count: int = MANY) -> list[bool]:
    bench = Bench(3)
    element = StateLoss(requested(loss_state=text), bench.context)
    sent = packets(count, size=1)
    element.push(sent)
    lost = set(bench.dropped.packets)
    assert set(bench.dropped.causes) <= {"loss"}
    assert len(lost) + len(element) == count
    return [packet in lost for packet in sent]


@pytest.mark.parametrize("shares", [(1, 10, 5, 50, 0.5), (5, 40, 20, 30, 2), (0.5, 5, 0, 100, 0)])
def test_steady_state(shares: tuple[float, ...]) -> None:
    """The share of states 3 and 4 follows from the balance equations."""
    p13, p31, p32, p23, p14 = (share / 100 for share in shares)
    burst, lone = p13 / p31, p14
    share = (burst + lone) / (1 + burst + lone + burst * p32 / p23)
    lost = lost_of(" ".join(f"{share}%" for share in shares))
    assert abs(sum(lost) / MANY - share) < 5 * sqrt(share * (1 - share) * 2 / p31 / MANY)


def test_one_number_is_independent_loss() -> None:
    """With netem's defaults p13 alone is the share lost."""
    assert abs(sum(lost_of("10%")) / MANY - 0.1) < 5 * sqrt(0.09 / MANY)


def test_lone_losses_never_follow_each_other() -> None:
    """From state 4 the chain always goes back to 1."""
    lost = lost_of("0% 100% 0% 100% 30%", 5000)
    assert any(lost)
    assert not any(one and other for one, other in pairwise(lost))


def test_certain_transitions() -> None:
    """p13 = 100 %, p31 = 0 %: from the first packet on all are lost; p32 = p23 = 100 % loses every second one."""
    assert all(lost_of("100% 0%", 100))
    assert lost_of("100% 0% 100% 100%", 6) == [True, False, True, False, True, False]


def test_turned_off() -> None:
    """When the value is cleared, nothing is lost, whatever the state was."""
    bench = Bench()
    element = StateLoss(requested(loss_state="100% 0%"), bench.context)
    element.push(packets(10))
    element.configure(requested(), 0)
    element.push(packets(10))
    assert len(bench.dropped.packets) <= 11
    assert not StateLoss.enabled(requested())
