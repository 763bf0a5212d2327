"""Link under arbitrary conditions, live changes and packets: invariants."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from itertools import count

from hypothesis import given, settings
from hypothesis import strategies as st

from syntheticnet.conditions import LinkConditions, condition_fields
from syntheticnet.conditions.files import Files
from syntheticnet.forwarder.link import Link
from syntheticnet.forwarder.per_flow import DEFAULT
from syntheticnet.packets.packet import Conversation, Packet

from ..builders import CLIENT, MS, SERVER, frame, ipv4, requested, tcp, udp

KINDS = ("web", "audio", "video")
FILES = Files({"lte.up": b"0\n1\n1\n7\n20\n", "wifi.dist": b"-8192 0 8192", "wifi.delay": b"0 20\n50 40\n90 5\n"})
# Values in addition to each field's example.
MORE: dict[str, list[str]] = {
    "rate": ["50kbit", "20mbit", "unlimited"],
    "queue": ["1b", "3p", "20kb", "50ms"],
    "aqm": ["droptail", "fq_codel", "pie"],
    "fq_quantum": ["64b"],
    "fq_flows": ["1", "2"],
    "pie_burst": ["0ms"],
    "loss": ["0%", "30%", "100%"],
    "latency": ["0ms", "1ms", "17ms", "2s"],
    "jitter": ["0ms", "3ms", "40ms"],
    "duplicate": ["40%"],
    "corrupt": ["40%"],
    "reorder": ["30%"],
    "mtu": ["200b"],
    "loss_every": ["2p"],
    "slot": ["1ms"],
}
ALL = frozenset(item.metadata["name"] for item in condition_fields())
# Those that hold packets, and keep their order.
ORDERLY = frozenset(
    {"rate", "rate_trace", "queue", "aqm", "fq_quantum", "fq_flows", "ecn", "latency", "jitter", "delay_trace", "slot"}
)

Values = dict[str, str]
Step = tuple[int, list[tuple[int, int, str]], tuple[Values, dict[str, Values]] | None]


def consistent(values: Values) -> Values:
    """Drop values that exclude others, and then void ones."""
    fields = {item.metadata["name"]: item.metadata for item in condition_fields()}
    kept = {name: value for name, value in values.items() if fields[name]["excludes"] not in values}
    return requested(**kept).effective().to_dict()


def links(names: frozenset[str]) -> st.SearchStrategy[Values]:
    """Any valid combination of link values."""
    examples = {item.metadata["name"]: item.metadata["example"] for item in condition_fields()}
    allowed = {name: st.sampled_from([examples[name], *MORE.get(name, [])]) for name in names}
    some = st.lists(st.sampled_from(sorted(allowed)), max_size=6, unique=True)
    return some.flatmap(lambda chosen: st.fixed_dictionaries({name: allowed[name] for name in chosen})).map(consistent)


def scripts(names: frozenset[str] = ALL) -> st.SearchStrategy[list[Step]]:
    """Steps: how far the clock moves, packets (share of that time, size, kind), and new values of link and flows."""
    arrivals = st.lists(st.tuples(st.integers(0, 100), st.integers(60, 1514), st.sampled_from(KINDS)), max_size=20)
    flows = st.dictionaries(st.sampled_from(KINDS[1:]), links(names), max_size=2)
    change = st.none() | st.tuples(links(names), flows)
    return st.lists(st.tuples(st.integers(1, 60 * MS), arrivals, change), min_size=1, max_size=12)


@dataclass
class Run:
    """A link driven as by the forwarder and checked at every turn; elements' answers re-enter it."""

    link: Link
    flows: dict[str, LinkConditions] = field(default_factory=dict)
    now: int = 0
    sent: list[Packet] = field(default_factory=list)
    out: list[Packet] = field(default_factory=list)
    answers: int = 0
    number: count[int] = field(default_factory=count)

    def configure(self, values: Values, flows: dict[str, Values]) -> None:
        self.turn([])
        self.flows = {name: requested(**own) for name, own in flows.items()}
        self.link.configure(
            requested(**values), self.flows, self.now, lambda packet: self.flow_of(packet.conversation.flow)
        )
        self.turn([])

    def flow_of(self, kind: str) -> str:
        return kind if kind in self.flows else DEFAULT

    def step(self, step: Step) -> None:
        elapsed, arrivals, change = step
        start, self.now = self.now, self.now + elapsed
        self.turn([self.packet(kind, size, start + elapsed * share // 100) for share, size, kind in sorted(arrivals)])
        if change is not None:
            self.configure(*change)

    def packet(self, kind: str, size: int, time: int) -> Packet:
        """A packet with unique content, so that it can be recognised."""
        payload = next(self.number).to_bytes(4, "big") + bytes(max(0, size - 58))
        segment = (6, tcp(1, 443, payload)) if kind == "web" else (17, udp(1, 2, payload))
        made = Packet(frame(ipv4(CLIENT, SERVER, *segment)), time, Conversation("link", kind))
        made.flow = self.flow_of(kind)
        return made

    def turn(self, came: list[Packet]) -> None:
        if came:
            self.link.push(came, self.now)
            self.sent += came
        forward, backward = self.link.pop(self.now)
        assert [each.time for each in forward] == sorted(each.time for each in forward)
        assert all(each.entered <= each.time <= self.now for each in forward)
        self.link.sent(forward, self.now)
        self.out += forward
        self.check()
        if backward:
            assert all(each.originated for each in backward)
            self.answers += len(backward)
            for each in backward:
                each.time = each.entered = self.now
            self.link.push(backward, self.now)
            self.turn([])

    def check(self) -> None:
        total, flow_counters = self.link.total, self.link.flow_counters.values()
        assert (total.packets_in, total.originated) == (len(self.sent), self.answers)
        assert total.packets_out == len(self.out)
        assert total.queued == len(self.link)
        assert all(counters.queued >= 0 for counters in flow_counters)
        due = self.link.due
        assert (due is None) == (len(self.link) == 0)
        assert due is None or due > self.now

    def drain(self) -> None:
        """Advance the clock to each deadline until nothing is held."""
        while (due := self.link.due) is not None:
            self.now = due
            self.turn([])

    def places(self) -> list[tuple[str, int]]:
        """The kind and number of each packet that came out, without corrupted ones."""
        place = {each.buffer: n for n, each in enumerate(self.sent)}
        return [(each.conversation.flow, place[each.buffer]) for each in self.out if each.buffer in place]


def run(seed: int, script: list[Step]) -> Run:
    made = Run(Link("egress", seed, FILES))
    made.configure({}, {})
    for step in script:
        made.step(step)
    made.drain()
    return made


@given(st.integers(0, 3), scripts())
@settings(max_examples=200)
def test_nothing_is_forgotten(seed: int, script: list[Step]) -> None:
    """Whatever is turned on, changed or off, the counters balance at every turn, and everything leaves in the end."""
    done = run(seed, script)
    assert len(done.link) == 0
    assert done.link._room == Link("egress", 0)._room


@given(st.integers(0, 3), scripts(ORDERLY))
@settings(max_examples=200)
def test_each_kind_keeps_its_order(seed: int, script: list[Step]) -> None:
    """Flows come and go and may overtake each other; within a flow the order holds unless reordering is set."""
    by_kind: dict[str, list[int]] = defaultdict(list)
    for kind, place in run(seed, script).places():
        by_kind[kind].append(place)
    assert all(places == sorted(places) for places in by_kind.values())


@given(st.integers(0, 2**63), scripts())
def test_the_same_seed_makes_the_same_run(seed: int, script: list[Step]) -> None:
    """The same packets and changes give the same times, losses and corruptions in every run."""
    one, other = run(seed, script), run(seed, script)
    assert [(each.buffer, each.time) for each in one.out] == [(each.buffer, each.time) for each in other.out]
    assert one.link.total.dropped == other.link.total.dropped
