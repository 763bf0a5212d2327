"""The element protocol, checked for every element on random packets and changes."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

from syntheticnet.conditions import LinkConditions, condition_fields
from syntheticnet.conditions.files import Files
from syntheticnet.elements import ELEMENTS, Element
from syntheticnet.packets.packet import Packet

from ..builders import CLIENT, MS, SECOND, SERVER, Bench, carrying, requested, udp_frame

FILES = Files(
    {"rate": b"2\n2\n5\n", "rate2": b"1\n", "delay": b"0 30\n40 10\n", "delay2": b"0 5\n", "table": b"-8192 8192"}
)

Values = tuple[dict[str, Any], ...]

VALUES: dict[str, Values] = {
    "Reject": ({"reject": "reset"}, {"reject": "host-unreachable"}),
    "Mtu": ({"mtu": "500b"}, {"mtu": "900b", "mtu_answer": False}),
    "Rate": (
        {"rate": "1mbit", "queue": "9p", "burst": "3kb"},
        {"rate": "3mbit", "queue": "50ms", "aqm": "codel", "ecn": True},
    ),
    "Rate with fq_codel": (
        {"rate": "1mbit", "queue": "9p", "aqm": "fq_codel", "codel_target": "1ms"},
        {"rate": "3mbit", "aqm": "fq_codel", "fq_flows": "2", "fq_quantum": "300b", "ecn": True},
    ),
    "Rate with pie": (
        {"rate": "1mbit", "queue": "9p", "aqm": "pie", "pie_target": "1ms", "pie_burst": "0ms"},
        {"rate": "3mbit", "aqm": "pie", "pie_update": "3ms", "ecn": True, "pie_ecn_threshold": "50%"},
    ),
    "Rate with several": (
        {"rate": "1mbit", "queue": "9p", "aqm": "fq_codel", "codel_interval": "20ms"},
        {"rate": "1mbit", "aqm": "pie"},
        {"rate": "2mbit", "aqm": "droptail"},
    ),
    "RateTrace": ({"rate_trace": "rate", "queue": "9p"}, {"rate_trace": "rate2", "aqm": "codel"}),
    "RateTrace with several": (
        {"rate_trace": "rate", "aqm": "fq_codel", "queue": "9p"},
        {"rate_trace": "rate2", "aqm": "pie"},
        {"rate_trace": "rate", "aqm": "droptail"},
    ),
    "Outage": ({"outage": True}, {"outage": False}),
    "Loss": ({"loss": "20%", "loss_correlation": "30%"}, {"loss": "50%"}),
    "BurstLoss": ({"loss": "20%", "loss_burst": "3p"}, {"loss_gemodel": "5% 20% 50% 1%"}),
    "StateLoss": ({"loss_state": "10% 30% 20% 50% 1%"}, {"loss_state": "20%"}),
    "IndexedLoss": ({"loss_every": "3p"}, {"loss_list": "1,4-9"}),
    "Corrupt": ({"corrupt": "30%", "corrupt_correlation": "40%"}, {"corrupt": "1%"}),
    "Duplicate": ({"duplicate": "30%", "duplicate_correlation": "40%"}, {"duplicate": "100%"}),
    "Delay": (
        {"latency": "30ms", "jitter": "9ms", "jitter_correlation": "50%", "latency_limit": "9p", "early": "20%"},
        {"latency": "5ms", "jitter": "5ms", "jitter_table": "table", "early": "50%", "early_gap": "2p"},
    ),
    "DelayTrace": ({"delay_trace": "delay"}, {"delay_trace": "delay2"}),
    "Reorder": ({"reorder": "20%", "reorder_gap": "3p"}, {"reorder": "50%", "reorder_correlation": "30%"}),
    "Slot": ({"slot": "5ms-9ms", "slot_packets": "4p"}, {"slot": "2ms", "slot_jitter": "3ms", "slot_bytes": "2kb"}),
}


def examples_of(make: type[Element]) -> Values:
    """What the first value shows as its example, then all do."""
    examples = {item.name: item.metadata for item in condition_fields()}
    written = {examples[name]["name"]: examples[name]["example"] for name in make.depends_on}
    first = next(iter(written))
    return {first: written[first]}, written


BY_NAME = {make.__name__: make for make in ELEMENTS}
CASES = VALUES | {name: examples_of(make) for name, make in BY_NAME.items() if name not in VALUES}
EACH = pytest.mark.parametrize(
    ("make", "written"), [pytest.param(BY_NAME[name.split()[0]], values, id=name) for name, values in CASES.items()]
)


class Drive:
    """One element, and everything that went in and came out."""

    def __init__(self, make: type[Element], written: Values, seed: int) -> None:
        self.bench = Bench(seed, FILES)
        self.values = [requested(**one) for one in written]
        self.element = make(self.values[0], self.bench.context)
        self.random = Random(seed)
        self.now = 0
        self.sent: list[Packet] = []
        self.out: list[Packet] = []
        self.answers: list[Packet] = []

    def breathe(self) -> None:
        """Some packets of the last few milliseconds, and what is due; every promise checked."""
        start, self.now = self.now, self.now + self.random.randrange(1, 8 * MS)
        times = sorted(self.random.randrange(start, self.now + 1) for _ in range(self.random.randrange(9)))
        frames = [udp_frame(CLIENT, SERVER, port, 2) for port in (1, 2, 3)]
        came = [carrying(self.random.choice(frames) + bytes(self.random.randrange(1400)), time) for time in times]
        slack = self.element.slack()
        self.element.push(came)
        self.sent += came
        self.pop()
        assert all(each.time - each.entered >= slack for each in came if each in self.out)

    def pop(self) -> None:
        forward, backward = self.element.pop(self.now)
        assert [each.time for each in forward] == sorted(each.time for each in forward)
        assert all(each.entered <= each.time <= self.now for each in forward)
        assert all(each.originated for each in backward)
        self.out += forward
        self.answers += backward
        due = self.element.deadline()
        assert due is None if not len(self.element) else due is not None and due > self.now
        self.check()

    def check(self) -> None:
        """In + duplicated = out + dropped + queued, each packet in one place only."""
        dropped, copied = self.bench.dropped.packets, self.bench.copied
        assert len(self.sent) + len(copied) == len(self.out) + len(dropped) + len(self.element)
        assert len({*self.out, *dropped}) == len(self.out) + len(dropped)

    def drain(self) -> None:
        while (due := self.element.deadline()) is not None:
            self.now = due
            self.pop()


@EACH
def test_reads_real_values(make: type[Element], written: Values) -> None:
    """`depends_on` names attributes of the schema, and the examples of this test are made of them."""
    attributes = set(LinkConditions.__dataclass_fields__)
    assert make.depends_on
    assert set(make.depends_on) <= attributes
    assert {item.name for one in written for item, _ in requested(**one).named()} <= set(make.depends_on)


def test_every_value_is_read() -> None:
    """Every value in the schema is read by some element."""
    assert {name for make in ELEMENTS for name in make.depends_on} == set(LinkConditions.__dataclass_fields__)


@EACH
def test_not_wanted_by_default(make: type[Element], written: Values) -> None:
    """An element is enabled by its own example, but not by empty values or the others' examples."""
    assert not make.enabled(LinkConditions())
    assert make.enabled(requested(**written[0]))
    for name, (first, *_) in VALUES.items():
        assert make.enabled(requested(**first)) == (name.split()[0] == make.__name__)


@EACH
@pytest.mark.parametrize("seed", range(4))
def test_conservation(make: type[Element], written: Values, seed: int) -> None:
    """With random packets and live changes the counts balance, and nothing leaves before it arrived."""
    drive = Drive(make, written, seed)
    for _ in range(60):
        drive.breathe()
        if drive.random.random() < 0.15:
            dropped = len(drive.bench.dropped.packets)
            drive.element.configure(drive.random.choice(drive.values), drive.now)
            assert len(drive.bench.dropped.packets) == dropped
            drive.pop()
    drive.drain()
    assert len(drive.element) == 0


@EACH
@pytest.mark.parametrize("seed", range(4))
def test_turned_off_it_releases_all_it_holds(make: type[Element], written: Values, seed: int) -> None:
    """Turning the effect off makes all held packets due at once, and drops none."""
    drive = Drive(make, written, seed)
    for _ in range(20):
        drive.breathe()
    dropped = len(drive.bench.dropped.packets)
    drive.element.configure(LinkConditions(), drive.now)
    drive.pop()
    assert len(drive.element) == 0
    assert len(drive.bench.dropped.packets) == dropped


@EACH
@pytest.mark.parametrize("seed", range(4))
def test_give_and_adopt(make: type[Element], written: Values, seed: int) -> None:
    """Half of the held packets migrate to another element: none is lost, dropped or due before the move."""
    drive, other = Drive(make, written, seed), Drive(make, written, seed + 100)
    for _ in range(15):
        drive.breathe()
        other.now = drive.now
    held, moving = len(drive.element), set(drive.sent[::2])
    given = drive.element.migrate_out(lambda packet: packet in moving)
    assert set(given) <= moving
    assert all(packet.time == packet.entered for packet in given)
    assert len(drive.element) == held - len(given)
    other.element.migrate_in(given, other.now)
    assert (len(other.element), other.bench.dropped.packets) == (len(given), [])
    other.sent = list(given)
    now = other.now
    while len(other.element):
        due = other.element.deadline()
        assert due is not None
        assert due >= now
        other.now = due
        other.pop()
    drive.sent = [packet for packet in drive.sent if packet not in set(given)]
    drive.drain()


@EACH
def test_the_same_seed_makes_the_same_run(make: type[Element], written: Values) -> None:
    """Results do not depend on how packets are batched."""
    runs = []
    for size in (1, 7):
        bench = Bench(5, FILES)
        element = make(requested(**written[0]), bench.context)
        sent = [carrying(udp_frame(CLIENT, SERVER, 1 + n % 3, 2) + bytes(n % 700), n * MS) for n in range(210)]
        for at in range(0, 210, size):
            element.push(sent[at : at + size])
        out, _ = element.pop(100 * SECOND)
        place = {each: n for n, each in enumerate(sent)}
        fates = [(place.get(each), each.time, each.buffer) for each in out]
        runs.append((fates, [place[each] for each in bench.dropped.packets]))
    assert runs[0] == runs[1]
