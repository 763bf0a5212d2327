"""Delays of datagrams by kernel stamps: one run with a flow for each distribution, and one flow without jitter.

The flow without jitter shows what the machine itself adds; distributions are compared with these errors included.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import accumulate, pairwise
from math import sqrt
from random import Random
from statistics import NormalDist

import pytest

from .chance import SIGMAS, distance, farthest, spread
from .lanes import Arrival, Lane, Run, closing, sent_over, undisturbed
from .world import World

pytestmark = pytest.mark.veth

COUNT, PER_SECOND = 800, 200
LATENCY_MS, JITTER_MS, SMALL_MS = 50, 10, 2
SLOT_MS, SLOT_PACKETS = 20, 3
_drawn = Random(3)
TABLE = sorted(_drawn.triangular(-8192, 16384, -8192) for _ in range(200))
TRACE = {0: 20, 500: 60, 1000: 40}
PERIOD_MS = 1500

Quantile = Callable[[float], float]

_normal = NormalDist().inv_cdf


def _pareto(x: float) -> float:
    return min((float((1 - x) ** (-1 / 3)) - 1.5) * 4 / 3, 4)


LAWS: dict[str, Quantile] = {
    "uniform": lambda x: 2 * x - 1,
    "one-sided": lambda x: x,
    "normal": _normal,
    "pareto": _pareto,
    "paretonormal": lambda x: (_normal(x) + 3 * _pareto(x)) / 4,
    "table": lambda x: TABLE[int(x * len(TABLE))] / 8192,
}
"""Deviations in units of the jitter, as quantile functions (iproute2's netem/*.c)."""


def lanes_of(world: World) -> list[Lane]:
    latency = {"latency": f"{LATENCY_MS}ms"}
    jitter = latency | {"jitter": f"{JITTER_MS}ms", "reordering": True}
    laws = [
        Lane(world, law, jitter | ({"jitter_table": "t"} if law == "table" else {"distribution": law}), side)
        for n, law in enumerate(LAWS)
        for side in (("server",) if n % 2 else ("client",))
    ]
    return [
        Lane(world, "steady", latency),
        *laws,
        Lane(world, "share", jitter | {"jitter_share": "40%"}, "server"),
        Lane(world, "in order", latency | {"jitter": f"{SMALL_MS}ms"}, "client", 6),
        Lane(world, "trace", {"delay_trace": "d"}),
        Lane(world, "trace back", {"delay_trace": "d"}, "server", 6),
        Lane(world, "slot", {"slot": f"{SLOT_MS}ms", "slot_packets": f"{SLOT_PACKETS}p"}),
        Lane(world, "slot back", {"slot": "10ms-30ms"}, "server"),
    ]


@pytest.fixture(scope="module")
def run(joined: World) -> Iterator[Run]:
    joined.configure()
    joined.ask("put_file", name="t", text="\n".join(str(round(entry)) for entry in TABLE))
    joined.ask("put_file", name="d", text="\n".join(f"{at} {delay}" for at, delay in TRACE.items()))
    lanes = lanes_of(joined)
    with closing(lanes):
        yield undisturbed(joined, lambda: sent_over(joined, lanes, COUNT, PER_SECOND, wait=2))
    joined.configure()
    for name in ("t", "d"):
        joined.ask("remove_file", name=name)


def deviations(run: Run, name: str) -> list[float]:
    return [arrival.delay_ms - LATENCY_MS for arrival in run.arrivals[name]]


def usual(run: Run) -> tuple[float, float]:
    """The delay this machine adds at the 98th percentile, plus half of that, in either direction."""
    errors = sorted(deviations(run, "steady"))
    low, high = errors[COUNT // 100], errors[-COUNT // 100]
    return low - (high - low) / 2, high + (high - low) / 2


def times(unit: float, quantile: Quantile) -> Quantile:
    return lambda x: unit * quantile(x)


def test_all_arrive(run: Run) -> None:
    """No delay loses packets, and the ordered ones keep the order."""
    for name, arrivals in run.arrivals.items():
        assert sorted(arrival.number for arrival in arrivals) == list(range(COUNT)), name
    for name in ("in order", "trace", "trace back", "slot", "slot back"):
        assert run.numbers[name] == list(range(COUNT))


@pytest.mark.parametrize("law", LAWS)
def test_the_jitter_follows_its_law(run: Run, law: str) -> None:
    """Kolmogorov-Smirnov: delays match their distribution, and fit it better than any other."""
    measured, errors = deviations(run, law), deviations(run, "steady")
    far = {name: distance(measured, spread(times(JITTER_MS, LAWS[name]), errors)) for name in LAWS}
    assert far[law] < farthest(COUNT, COUNT)
    assert min(far, key=lambda name: far[name]) == law


def test_jitter_that_keeps_order(run: Run) -> None:
    """Datagrams too far apart to wait for each other match the distribution even with order kept."""
    sent = sorted(arrival.sent for arrival in run.arrivals["in order"])
    apart = {b for a, b in pairwise(sent) if (b - a) / 1e6 > 2 * SMALL_MS}
    measured = [a.delay_ms - LATENCY_MS for a in run.arrivals["in order"] if a.sent in apart]
    law = spread(times(SMALL_MS, LAWS["uniform"]), deviations(run, "steady"))
    assert distance(measured, law) < farthest(len(measured), COUNT)


def test_jitter_of_a_share(run: Run) -> None:
    """With 40 % of packets jittered uniformly, a fifth deviates by more than half the jitter, plus machine noise."""
    law = spread(lambda x: JITTER_MS * (min(5 * x - 1, 0) + max(5 * x - 4, 0)), deviations(run, "steady"))
    measured, expected = (
        sum(abs(value) > JITTER_MS / 2 for value in values) for values in (deviations(run, "share"), law)
    )
    share = expected / len(law)
    assert abs(measured - COUNT * share) < SIGMAS * sqrt(
        2 * COUNT * share * (1 - share)
    )  # twice: `law` is measured too


@pytest.mark.parametrize("name", ["trace", "trace back"])
def test_a_trace_is_followed(run: Run, name: str) -> None:
    """Each packet gets the trace's delay at its send time, or waits for the one before it; over two periods."""
    low, high = usual(run)
    due, strays = 0.0, 0
    for arrival in run.arrivals[name]:
        due = max(due, arrival.sent / 1e6 + trace_delay(arrival, run.began))
        strays += not low <= arrival.came / 1e6 - due <= high
    assert strays < COUNT * 0.06  # the usual range excludes 2 % in each, plus packets sent as the trace changes
    assert run.arrivals[name][-1].sent - run.began > 2 * PERIOD_MS * 1e6


def trace_delay(arrival: Arrival, began: int) -> int:
    at = (arrival.sent - began) / 1e6 % PERIOD_MS
    return next(delay for since, delay in sorted(TRACE.items(), reverse=True) if at >= since)


def test_slots_carry_so_many_packets(run: Run) -> None:
    """Under overload slots are full, and keep their spacing without drift."""
    groups = bunches(run.arrivals["slot"], SLOT_MS / 2)[50:-1]
    full = sum(len(group) == SLOT_PACKETS for group in groups)
    assert full > 0.95 * len(groups)
    low, high = usual(run)
    carried = accumulate(map(len, groups), initial=0)  # before each
    late = [
        group[0].came / 1e6 - before / SLOT_PACKETS * SLOT_MS for group, before in zip(groups, carried, strict=False)
    ]
    half = len(late) // 2
    # No slot is early: the earliest of each half shows that, however late the others were.
    assert abs(min(late[half:]) - min(late[:half])) <= high - low + SLOT_MS / SLOT_PACKETS
    assert len(groups) > 150


def test_slots_come_at_times_from_a_range(run: Run) -> None:
    """The first packet of each slot waits 10 to 30 ms, uniformly; those behind it leave with it."""
    groups = bunches(run.arrivals["slot back"], 5)
    waited = [group[0].delay_ms for group in groups]
    law = spread(lambda x: 10 + 20 * x, deviations(run, "steady"))
    assert distance(waited, law) < farthest(len(waited), COUNT)
    assert all(later.sent > group[0].sent for group in groups for later in group[1:])
    longest = 30 - LATENCY_MS + usual(run)[1]
    assert sum(deviation > longest for deviation in deviations(run, "slot back")) < COUNT * 0.06


def bunches(arrivals: list[Arrival], gap_ms: float) -> list[list[Arrival]]:
    """Arrivals with no more than a gap from each to the next."""
    groups = [[arrivals[0]]]
    for before, after in pairwise(arrivals):
        if after.came - before.came > gap_ms * 1e6:
            groups.append([])
        groups[-1].append(after)
    return groups
