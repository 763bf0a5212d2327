"""Which datagrams are lost, duplicated or overtaken, each way: one run with a flow for each effect."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise

import pytest

from .chance import SIGMAS, Chain, are_geometric, bursts, is_binomial
from .lanes import Lane, Run, closing, sent_over, undisturbed
from .traffic import drained, number, numbered, paced
from .world import World

pytestmark = pytest.mark.veth

COUNT, PER_SECOND = 6000, 1200
GAP = 3
# An overtaken packet waits at most 100 ms: skip those behind which the sender itself paused.
NEXT, LONGEST_S = 30, 0.08


def lanes_of(world: World) -> list[Lane]:
    return [
        Lane(world, "plain", {}),
        Lane(world, "random", {"loss": "10%"}),
        Lane(world, "burst", {"loss": "5%", "loss_burst": "4p"}),
        Lane(world, "gemodel", {"loss_gemodel": "4% 20% 70% 0.5%"}, "server", 6),
        Lane(world, "state", {"loss_state": "3% 20% 10% 40% 2%"}),
        Lane(world, "lone", {"loss_state": "0% 100% 0% 0% 8%"}, "server"),
        Lane(world, "every", {"loss_every": "7p"}, "server"),
        Lane(world, "list", {"loss_list": "1,5-7,100,6000"}, "client", 6),
        Lane(world, "twice", {"duplicate": "10%"}),
        Lane(world, "twice back", {"duplicate": "10%"}, "server"),
        Lane(world, "behind", {"reorder": "5%", "reorder_gap": f"{GAP}p"}),
        Lane(world, "behind back", {"reorder": "5%"}, "server", 6),
        Lane(world, "down", {"outage": True}),
        Lane(world, "down back", {"outage": True}, "server"),
    ]


@pytest.fixture(scope="module")
def run(joined: World) -> Iterator[Run]:
    """All lanes at once, in a run without losses caused by the machine."""
    lanes = lanes_of(joined)
    with closing(lanes):
        yield undisturbed(joined, lambda: sent_over(joined, lanes, COUNT, PER_SECOND, wait=0.5, stamped=False))


def test_nothing_else_is_lost(run: Run) -> None:
    """A flow without conditions arrives completely and in order."""
    assert run.numbers["plain"] == list(range(COUNT))


def test_random_loss_has_no_memory(run: Run) -> None:
    """A tenth is lost, and runs of losses are as long as by chance."""
    lost = run.lost("random")
    assert len(lost) == run.dropped("random", "loss")
    assert is_binomial(len(lost), COUNT, 0.1)
    assert are_geometric(bursts(lost), 1 / 0.9)


def test_bursts_have_their_share_and_length(run: Run) -> None:
    """A 20th is lost in geometric bursts of 4 on average, as in Gilbert's chain."""
    lost = run.lost("burst")
    chain = Chain([[1 - 0.25 / 19, 0.25 / 19], [0.25, 0.75]], [0, 1])
    assert chain.share == pytest.approx(0.05)
    assert abs(len(lost) / COUNT - chain.share) < SIGMAS * chain.error(COUNT)
    assert are_geometric(bursts(lost), 4)
    assert len(lost) == run.dropped("burst", "loss")


def test_two_states_lose_their_shares(run: Run) -> None:
    """Gilbert and Elliott's steady state: 4 / (4 + 20) of the time bad, with 70 % lost, else 0.5 %."""
    chain = Chain([[0.96, 0.04], [0.2, 0.8]], [0.005, 0.7])
    assert chain.share == pytest.approx((0.7 * 4 + 0.005 * 20) / 24)
    assert abs(len(run.lost("gemodel")) / COUNT - chain.share) < SIGMAS * chain.error(COUNT)


def test_four_states_lose_their_share(run: Run) -> None:
    """The steady state of the 4-state chain: lost in states 3 and 4."""
    moves: list[list[float]] = [[0.95, 0, 0.03, 0.02], [0, 0.6, 0.4, 0], [0.2, 0.1, 0.7, 0], [1, 0, 0, 0]]
    chain = Chain(moves, [0, 0, 1, 1])
    assert abs(len(run.lost("state")) / COUNT - chain.share) < SIGMAS * chain.error(COUNT)


def test_lone_losses_are_alone(run: Run) -> None:
    """State 4 returns at once: 8 of 108 packets are lost, no two in a row."""
    lost = run.lost("lone")
    assert set(bursts(lost)) == {1}
    chain = Chain([[0.92, 0.08], [1, 0]], [0, 1])
    assert chain.share == pytest.approx(8 / 108)
    assert abs(len(lost) / COUNT - chain.share) < SIGMAS * chain.error(COUNT)


def test_picked_packets_are_lost(run: Run) -> None:
    """Exactly every seventh, and exactly those listed (counted from 1)."""
    assert run.lost("every") == set(range(6, COUNT, 7))
    assert run.lost("list") == {0, 4, 5, 6, 99, 5999}


@pytest.mark.parametrize("name", ["twice", "twice back"])
def test_copies_come_right_behind(run: Run, name: str) -> None:
    """A tenth arrives twice, the copy next to its original; nothing else is duplicated, lost or moved."""
    numbers = run.numbers[name]
    copies = sum(a == b for a, b in pairwise(numbers))
    assert numbers == sorted(numbers)
    assert set(numbers) == set(range(COUNT))
    assert copies == len(numbers) - COUNT == run.counts[name]["duplicated"]
    assert max(Counter(numbers).values()) == 2
    assert is_binomial(copies, COUNT, 0.1)


@pytest.mark.parametrize(("name", "gap"), [("behind", GAP), ("behind back", 1)])
def test_overtaken_packets(run: Run, name: str, gap: int) -> None:
    """A 20th is reordered (RFC 4737 3.3), each behind exactly `gap` that were sent later; the rest stay in order."""
    numbers = run.numbers[name]
    assert sorted(numbers) == list(range(COUNT))
    late = overtaken(numbers)
    assert is_binomial(len(late), COUNT, 0.05)
    early = [n for n in late if n < COUNT - NEXT and run.moments[n + NEXT] - run.moments[n] < LONGEST_S]
    assert len(early) > len(late) / 2
    assert {sum(later not in late for later in numbers[: late[n]] if later > n) for n in early} == {gap}
    in_time = [n for n in numbers if n not in late]
    assert in_time == sorted(in_time)


def overtaken(numbers: list[int]) -> dict[int, int]:
    """The numbers that arrived after a greater one, and their positions."""
    late, greatest = {}, -1
    for at, n in enumerate(numbers):
        if n < greatest:
            late[n] = at
        greatest = max(greatest, n)
    return late


@pytest.mark.parametrize("name", ["down", "down back"])
def test_an_outage_lets_nothing_pass(run: Run, name: str) -> None:
    """Not one arrives, and each is counted as dropped by the outage."""
    assert run.numbers[name] == []
    assert run.dropped(name, "outage") == COUNT


def test_the_same_seed_loses_the_same(world: World) -> None:
    """With the same seed a second run loses the same packets; with another seed, others."""
    burst = {"loss": "5%", "loss_burst": "4p"}
    lanes = [Lane(world, "random", {"loss": "10%"}), Lane(world, "burst", burst, "server")]

    def lost(seed: int) -> list[set[int]]:
        run = undisturbed(world, lambda: sent_over(world, lanes, 1500, 3000, stamped=False, seed=seed))
        return [run.lost(lane.name) for lane in lanes]

    with closing(lanes):
        first = lost(7)
        assert all(first)
        assert lost(7) == first
        assert all(before != after for before, after in zip(first, lost(8), strict=True))


def test_an_outage_ends(world: World) -> None:
    """Packets sent while the link is down are lost, those before and after arrive; each way."""
    lanes = [Lane(world, "there", {}), Lane(world, "back", {}, "server")]

    def came() -> list[list[int]]:
        for first, down in ((0, None), (100, True), (200, None)):
            world.configure(egress={"outage": down}, ingress={"outage": down})
            for n in range(first, first + 100):
                for lane in lanes:
                    lane.away.send(numbered(n))
            time.sleep(0.1)
        return [[number(datagram) for datagram in drained(lane.toward)] for lane in lanes]

    with closing(lanes):
        expected = [*range(100), *range(200, 300)]
        assert undisturbed(world, came) == [expected, expected]


@pytest.mark.issue(10)
@pytest.mark.parametrize("values", [{"loss": "20%"}, {"loss": "20%", "loss_burst": "4p"}])
def test_the_same_seed_again_loses_the_same_packets(world: World, values: dict[str, str]) -> None:
    """Set three times with the same 500 numbered packets each time; without the seed the draws go on."""

    def lost(**seed: int) -> set[int]:
        world.ask("change", change={"egress": values, **seed})
        paced(500, 2500, lambda n: away.send(numbered(n)))
        time.sleep(0.1)
        return set(range(500)) - {number(datagram) for datagram in drained(toward)}

    away, toward = world.udp_pair("client")
    with away, toward:
        first, second, third = undisturbed(world, lambda: [lost(seed=42) for _ in range(3)])
        assert first
        assert first == second == third
        assert lost() != first
