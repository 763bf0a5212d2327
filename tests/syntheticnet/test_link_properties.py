"""Link under arbitrary conditions, live changes and packets: the promises that must hold whatever happens."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from syntheticnet.conditions import LinkConditions
from syntheticnet.link import Link
from syntheticnet.packet import Packet

from .builders import MS, packet, wished

FLOWS = ("default", "audio", "video")

_LINKS = st.fixed_dictionaries(
    {},
    optional={
        "rate": st.sampled_from(["50kbit", "1mbit", "20mbit", "unlimited"]),
        "loss": st.sampled_from(["0%", "1%", "30%", "100%"]),
        "latency": st.sampled_from(["0ms", "1ms", "17ms", "90ms", "2s"]),
        "jitter": st.sampled_from(["0ms", "3ms", "40ms"]),
    },
).flatmap(
    lambda values: st.fixed_dictionaries(
        {name: st.just(value) for name, value in values.items()},
        optional={"queue": st.sampled_from(["1b", "3p", "20kb", "50ms"])} if "rate" in values else {},
    )
)

Step = tuple[int, list[tuple[int, int, str]], dict[str, Any] | None]


def steps(flows: st.SearchStrategy[str]) -> st.SearchStrategy[list[Step]]:
    """Each step: how far the clock moves, packets (share of that time, size, flow), and new values of the link."""
    arrivals = st.lists(st.tuples(st.integers(0, 100), st.integers(60, 1514), flows), max_size=20)
    return st.lists(st.tuples(st.integers(1, 60 * MS), arrivals, st.none() | _LINKS), min_size=1, max_size=12)


@dataclass
class Run:
    """A link driven as the forwarder drives it, checked at every breath."""

    link: Link
    flows: dict[str, LinkConditions] = field(default_factory=dict)
    now: int = 0
    sent: list[Packet] = field(default_factory=list)
    out: list[Packet] = field(default_factory=list)

    def configure(self, values: LinkConditions) -> None:
        self.link.configure(values, self.flows, self.now)
        self.breathe([])

    def step(self, step: Step) -> None:
        elapsed, arrivals, change = step
        start, self.now = self.now, self.now + elapsed
        came = [packet(size, start + elapsed * share // 100, flow) for share, size, flow in sorted(arrivals)]
        self.breathe(came)
        if change is not None:
            self.configure(wished(**change))

    def breathe(self, came: list[Packet]) -> None:
        if came:
            self.link.push(came, self.now)
            self.sent += came
        forward, backward = self.link.pop(self.now)
        self.link.sent(forward, self.now)
        assert backward == []
        assert [each.time for each in forward] == sorted(each.time for each in forward)
        assert all(each.entered <= each.time <= self.now for each in forward)
        self.out += forward
        self.check_counts()
        due = self.link.deadline()
        assert (due is None) == (len(self.link) == 0)
        assert due is None or due > self.now

    def check_counts(self) -> None:
        total, tallies = self.link.total, self.link.tallies.values()
        assert total.packets_in == len(self.sent) == len(self.out) + total.dropped.total() + len(self.link)
        assert total.held == len(self.link) == sum(tally.held for tally in tallies)

    def drain(self) -> None:
        """Let the clock ring at each deadline until nothing is held."""
        while (due := self.link.deadline()) is not None:
            self.now = due
            self.breathe([])


def run(seed: int, flows: dict[str, LinkConditions], script: list[Step]) -> Run:
    made = Run(Link("egress", seed), flows)
    made.configure(wished())
    for step in script:
        made.step(step)
    made.drain()
    return made


@given(st.integers(0, 3), steps(st.just("default")))
@settings(max_examples=150)
def test_without_reordering_every_packet_keeps_its_place(seed: int, script: list[Step]) -> None:
    """Whatever is switched on, changed and off: nothing is lost from the counts, and nothing overtakes."""
    done = run(seed, {}, script)
    place = {each: n for n, each in enumerate(done.sent)}
    assert [place[each] for each in done.out] == sorted(place[each] for each in done.out)


@given(st.integers(0, 3), st.dictionaries(st.sampled_from(FLOWS[1:]), _LINKS), steps(st.sampled_from(FLOWS)))
@settings(max_examples=150)
def test_each_flow_keeps_its_order(seed: int, flows: dict[str, dict[str, Any]], script: list[Step]) -> None:
    """Flows with values of their own may overtake each other; within a flow the order is kept, and counts hold."""
    done = run(seed, {name: wished(**values) for name, values in flows.items()}, script)
    place = {each: n for n, each in enumerate(done.sent)}
    by_flow: dict[str, list[int]] = defaultdict(list)
    for each in done.out:
        by_flow[each.flow].append(place[each])
    assert all(places == sorted(places) for places in by_flow.values())


@given(st.integers(0, 2**63), steps(st.sampled_from(FLOWS)))
def test_the_same_seed_makes_the_same_run(seed: int, script: list[Step]) -> None:
    """The same packets and changes leave at the same times, and lose the same packets, in every run."""
    flows = {"video": wished(loss="20%", latency="5ms", jitter="5ms")}
    one, other = (run(seed, flows, script) for _ in range(2))
    assert [_fate(one, each) for each in one.out] == [_fate(other, each) for each in other.out]
    assert one.link.total.dropped == other.link.total.dropped


def _fate(done: Run, each: Packet) -> tuple[int, int]:
    return done.sent.index(each), each.time
