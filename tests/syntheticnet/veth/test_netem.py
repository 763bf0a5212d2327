"""Texts in tc's words over a veth pair: what is lost, copied, early, late or over the limit, and the token bucket."""

from __future__ import annotations

import time
from collections.abc import Iterator
from itertools import pairwise
from math import sqrt
from statistics import correlation, fmean, stdev

import pytest

from synthlab.stack.netem import translate

from .chance import SIGMAS, Chain, are_geometric, bursts
from .lanes import Lane, Run, closing, sent_over, undisturbed
from .traffic import drained, number, numbered
from .world import World

pytestmark = [pytest.mark.veth, pytest.mark.issue(15)]

COUNT, PER_SECOND = 1600, 800
TEXTS = {
    "lost": "loss 10% 25%",
    "lost back": "loss 20% 75%",
    "twice": "duplicate 10% 50%",
    "early": "delay 60ms reorder 25% 50%",
    "late": "delay 100ms 20ms 50% distribution normal",
    "limited": "delay 50ms limit 20",
}


@pytest.fixture(scope="module")
def run(joined: World) -> Iterator[Run]:
    """All lanes at once, in a run without losses caused by the machine."""
    lanes = [
        Lane(joined, name, dict(translate(text).values), "server" if "back" in name else "client")
        for name, text in TEXTS.items()
    ]
    with closing(lanes):
        yield undisturbed(joined, lambda: sent_over(joined, lanes, COUNT, PER_SECOND))


def is_chain(hits: set[int], share: float, again: float) -> bool:
    """Whether packets with these numbers may be those of a two-state chain, by their share and runs: five sigma."""
    begin = share * (1 - again) / (1 - share)
    chain = Chain([[1 - begin, begin], [1 - again, again]], [0, 1])
    assert chain.share == pytest.approx(share)
    is_share = abs(len(hits) / COUNT - share) < SIGMAS * chain.error(COUNT)
    return is_share and are_geometric(bursts(hits), 1 / (1 - again))


@pytest.mark.parametrize(("name", "share", "again"), [("lost", 0.1, 0.325), ("lost back", 0.2, 0.8)])
def test_correlated_loss_keeps_its_share(run: Run, name: str, share: float, again: float) -> None:
    """The stated share is lost, and a packet after a lost one with c + (1 - c) p; each is counted."""
    lost = run.lost(name)
    assert is_chain(lost, share, again)
    assert run.dropped(name, "loss") == len(lost)


def test_correlated_copies(run: Run) -> None:
    """A tenth comes twice, in runs of that law, and nothing is lost."""
    numbers = run.numbers["twice"]
    assert set(numbers) == set(range(COUNT))
    assert is_chain({one for one, other in pairwise(numbers) if one == other}, 0.1, 0.55)


def test_a_quarter_goes_at_once(run: Run) -> None:
    """Packets are early or late, and nothing in between; the early ones overtake the others, in runs of that law."""
    delays = {arrival.number: arrival.delay_ms for arrival in run.arrivals["early"]}
    early = {at for at, delay in delays.items() if delay < 30}
    assert len(delays) == COUNT
    assert min(delay for at, delay in delays.items() if at not in early) >= 60
    assert is_chain(early, 0.25, 0.625)
    assert run.numbers["early"] != sorted(run.numbers["early"])


def test_correlated_delays(run: Run) -> None:
    """Mean and spread are those stated, and the delays of neighbours correlate by half.

    Within five standard errors, those of an autoregressive process, and 1 ms for the machine.
    """
    delays = [arrival.delay_ms for arrival in sorted(run.arrivals["late"])]
    assert len(delays) == COUNT
    stretched = sqrt((1 + 0.5) / (1 - 0.5))
    assert abs(fmean(delays) - 100) < SIGMAS * 20 / sqrt(COUNT) * stretched + 1
    assert abs(stdev(delays) - 20) < SIGMAS * 20 / sqrt(2 * COUNT) * stretched + 1
    assert abs(correlation(delays[:-1], delays[1:]) - 0.5) < SIGMAS * sqrt((1 - 0.5**2) / COUNT) + 0.02
    assert run.numbers["late"] != sorted(run.numbers["late"])


def test_the_limit_drops_what_does_not_fit(run: Run) -> None:
    """What finds 20 packets of the last 50 ms kept is dropped, and counted as the limit's: by the times of sending.

    Half of the packets, as 40 would be under way; within 5 % of all, for the time between sending and the forwarder.
    """
    kept: list[float] = []
    for moment in run.moments:
        if sum(moment - at < 0.05 for at in kept[-20:]) < 20:
            kept.append(moment)
    came = len(run.numbers["limited"])
    assert run.dropped("limited", "limit") == COUNT - came
    assert abs(came - len(kept)) < 0.05 * COUNT
    assert len(kept) < 0.7 * COUNT


def test_a_token_bucket(world: World) -> None:
    """Of 60 frames of 1,042 bytes sent at once, those for which the burst pays arrive at once, the rest at the rate.

    20,000 bytes pay for 19; the other 41 take 8.3 ms each at 1 Mbit/s. Within 20 ms, for the machine.
    """
    lane = Lane(world, "bucket", dict(translate("tbf rate 1mbit burst 20000 limit 100000").values))

    def took() -> tuple[list[int], list[float]]:
        world.configure(seed=7, flows=lane.flow())
        with world.capture("server") as take:
            for n in range(60):
                lane.away.send(numbered(n, 1000))
            time.sleep(0.5)
            stamps_ms = [stamp / 1e6 for buffer, stamp in take() if len(buffer) > 1000]
        return [number(datagram) for datagram in drained(lane.toward)], stamps_ms

    with closing([lane]):
        numbers, stamps_ms = undisturbed(world, took)
    assert numbers == list(range(60))
    waits_ms = [stamp - stamps_ms[0] for stamp in stamps_ms]
    assert max(waits_ms[:19]) < 20
    unpaid = [max(0, (n + 1) * 1042 - 20_000) * 8 / 1000 for n in range(60)]
    assert all(abs(wait - due) < 20 for wait, due in zip(waits_ms, unpaid, strict=True))
