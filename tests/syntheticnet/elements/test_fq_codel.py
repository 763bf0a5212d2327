"""FqCodelQueue: turns, sparse flows, CoDel on each queue and a full queue, as RFC 8290 describes them."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from syntheticnet.elements.rate import Rate
from syntheticnet.packets.packet import IP, Conversation, Packet

from ..builders import MS, SECOND, Bench, requested
from .senders import CE, ECT, FULL, Sender, waits_ms

pytestmark = pytest.mark.issue(15)

FULL_MS = FULL * 8 / 2000  # at 2 mbit


def fair(bench: Bench, **written: Any) -> Rate:
    """A bottleneck of 2 mbit; CoDel does not interfere unless its target is given."""
    values = {"rate": "2mbit", "aqm": "fq_codel", "codel_target": "60s"} | written
    return Rate(requested(**values), bench.context)


def merged(*flows: list[Packet]) -> list[Packet]:
    return sorted((packet for flow in flows for packet in flow), key=lambda packet: packet.time)


def order(out: list[Packet], *senders: Sender) -> str:
    """The flows of packets in order, as the letters a, b, c."""
    return "".join("abc"[[sender.conversation for sender in senders].index(each.conversation)] for each in out)


def test_a_sparse_flow_passes_a_bulk_flow() -> None:
    """At 2 mbit, beside 3 mbit of large packets, a small one waits at most for the one being sent, and none is lost.

    Without queues of their own they wait as long as the large ones, and are lost like them.
    """
    for aqm in ("fq_codel", "droptail"):
        bench, bulk, sparse = Bench(), Sender(1), Sender(2, 100)
        element = Rate(requested(rate="2mbit", aqm=aqm), bench.context)
        element.push(merged(bulk.packets(2500, 0, 4 * MS), sparse.packets(400, 2 * SECOND + 7, 17_300_000)))
        out, _ = element.pop(100 * SECOND)
        waits, lost = waits_ms(sparse.sent(out)), len(sparse.sent(bench.dropped.packets))
        if aqm == "fq_codel":
            assert (len(waits), lost) == (400, 0)
            assert max(waits) <= FULL_MS + 0.4 + 0.001  # its own bits take 0.4 ms
        else:
            assert min(waits) > 150
            assert lost > 0


def test_flows_get_equal_shares() -> None:
    """Three flows that each want the whole link get equal bytes at any time, whatever the size of their packets.

    The bound of deficit round robin: a turn is at most a quantum and a packet more than what a flow is due.
    """
    senders = [Sender(1), Sender(2, 500), Sender(3, 1200)]
    element = fair(Bench(), queue="10000p")
    element.push(merged(*[one.packets(1000) for one in senders]))
    out, _ = element.pop(2 * SECOND)
    sent = Counter[Conversation]()
    for packet in out:
        sent[packet.conversation] += packet.size
        assert max(sent.values()) - min(sent[one.conversation] for one in senders) <= 2 * FULL
    assert sum(sent.values()) * 8 > 0.99 * 4_000_000


@pytest.mark.parametrize(
    ("quantum", "turns"),
    [("1514b", "abbbbabbbabbbabbba"), ("3028b", "aabbbbbbbaabbbbbba"), ("300b", "abbbabbbabbbabbbab")],
)
def test_a_turn_is_a_quantum(quantum: str, turns: str) -> None:
    """A flow sends while it has credit, and owes what it sent beyond: 1,514 bytes of one flow for 500 of the other."""
    a, b = Sender(1), Sender(2, 500)
    element = fair(Bench(), fq_quantum=quantum)
    element.push([*a.packets(10), *b.packets(20)])
    out, _ = element.pop(SECOND)
    assert order(out, a, b).startswith(turns)


def test_one_packet_at_a_time_does_not_win_every_turn() -> None:
    """A flow whose queue ran empty waits behind those with packets before it is new again (RFC 8290, 4.2)."""
    bulk, single = Sender(1), Sender(2)
    element = fair(Bench())
    element.push([*bulk.packets(20), single.packet(0)])
    out: list[Packet] = []
    while len(out) < 12 and (now := element.deadline()) is not None:
        left, _ = element.pop(now)
        out += left
        element.push(single.packets(len(single.sent(left)), now))
    assert order(out, bulk, single) == "ab" * 6


def test_a_flow_is_new_again_after_a_pause() -> None:
    """Once nothing waits, nobody owes anything: the first to come has its turn first, and the next comes second."""
    a, b = Sender(1), Sender(2)
    element = fair(Bench())
    element.push(a.packets(3))
    element.pop(SECOND)
    element.push([*b.packets(3, SECOND), *a.packets(3, SECOND + 1)])
    out, _ = element.pop(2 * SECOND)
    assert order(out, a, b) == "bababa"


def test_a_full_queue_drops_the_oldest_of_the_longest() -> None:
    """What a flow sends too much, that flow loses, and not the one whose packet came last (RFC 8290, 4.1)."""
    bench, bulk, sparse = Bench(), Sender(1), Sender(2, 100)
    element = fair(bench, queue="10p")
    sent = bulk.packets(10)
    element.push([*sent, *sparse.packets(3, 1)])
    assert bench.dropped.packets == sent[1:4]  # the first is being sent
    assert set(bench.dropped.causes) == {"queue"}
    assert len(element) == 10


@pytest.mark.parametrize("limit", ["1b", "1p"])
def test_a_tiny_limit_still_lets_packets_pass(limit: str) -> None:
    """One packet may always wait, of any size; the next one finds no room."""
    bench, bulk, sparse = Bench(), Sender(1), Sender(2, 100)
    element = fair(bench, queue=limit)
    element.push([bulk.packet(0), sparse.packet(1), bulk.packet(SECOND)])
    out, _ = element.pop(2 * SECOND)
    assert (len(out), sparse.sent(bench.dropped.packets)) == (2, bench.dropped.packets)
    assert len(bench.dropped.packets) == 1


def test_without_a_limit_10240_packets_wait() -> None:
    """RFC 8290, 5.2.3."""
    bench = Bench()
    element = fair(bench)
    element.push(Sender(1, 100).packets(10_300))
    assert (len(element), len(bench.dropped.packets)) == (10240, 60)


def test_codel_acts_on_each_flow_alone() -> None:
    """The flow that has a standing queue loses packets, the other one none, though both pass one bottleneck."""
    bench, bulk, sparse = Bench(), Sender(1), Sender(2, 100)
    element = fair(bench, codel_target="5ms")
    element.push(merged(bulk.packets(1000, 0, 4 * MS), sparse.packets(200, 7, 20 * MS)))
    element.pop(100 * SECOND)
    assert set(bench.dropped.causes) == {"codel"}
    assert len(bulk.sent(bench.dropped.packets)) == len(bench.dropped.packets) > 10


def test_marks_instead_of_drops() -> None:
    """With ECN, as many packets of an ECN-capable flow are marked as without it are dropped, and no others."""
    struck = {}
    for ecn in (False, True):
        bench, bulk, sparse = Bench(), Sender(1, ecn=ECT), Sender(2, 100, ecn=ECT)
        element = fair(bench, codel_target="5ms", ecn=ecn)
        element.push(merged(bulk.packets(120, 0, 4 * MS), sparse.packets(50, 7, 10 * MS)))
        out, _ = element.pop(240 * MS)
        marks = [packet for packet in out if packet.buffer[IP + 1] & CE == CE]
        assert bulk.sent(marks) == marks
        struck[ecn] = (len(bench.dropped.packets), len(marks))
    assert struck[False][1] == struck[True][0] == 0
    assert 0 < struck[False][0] == struck[True][1]


def test_the_seed_decides_which_flows_share_a_queue() -> None:
    """Two flows share one of two queues with half of all seeds, within 5 standard deviations (99.9999 %)."""
    shared = 0
    for seed in range(200):
        a, b = Sender(1), Sender(2)
        element = fair(Bench(seed), fq_flows="2")
        element.push([*a.packets(3), *b.packets(3)])
        shared += order(element.pop(SECOND)[0], a, b) == "aaabbb"
    assert abs(shared - 100) <= 5 * (200 * 0.25) ** 0.5


def test_hashes_spread() -> None:
    """30 flows find about as many of the 1024 queues: each of the 435 pairs shares one by chance (mean 0.42)."""
    senders = [Sender(port) for port in range(1, 31)]
    element = fair(Bench())
    element.push([sender.packet(0) for sender in senders for _ in range(2)])
    out, _ = element.pop(SECOND)
    first = out[: len(senders)]
    assert len({id(packet.conversation) for packet in first}) >= 30 - 5  # Poisson: 6 or more once in 200,000


@pytest.mark.parametrize("change", ["restart", "flows", "pie", "codel", "droptail"])
def test_a_flow_keeps_its_order_whatever_changes(change: str) -> None:
    """A new seed, another number of queues or another discipline sorts what waits anew, each flow in its order."""
    bench = Bench()
    senders = [Sender(port) for port in (1, 2, 3)]
    element = fair(bench, fq_flows="4")
    sent = merged(*[sender.packets(30, number, 2 * MS) for number, sender in enumerate(senders)])
    element.push(sent[:60])
    out, _ = element.pop(40 * MS)
    if change == "restart":
        element.restart()
    elif change == "flows":
        element.configure(requested(rate="2mbit", aqm="fq_codel", codel_target="60s", fq_flows="1"), 40 * MS)
    else:
        element.configure(requested(rate="2mbit", aqm=change, queue="1000p"), 40 * MS)
    assert (len(element) + len(out), bench.dropped.packets) == (60, [])
    element.push(sent[60:])
    out += element.pop(100 * SECOND)[0]
    assert len(out) + len(bench.dropped.packets) == 90
    for sender in senders:
        mine = [packet for packet in sender.sent(sent) if packet not in bench.dropped.packets]
        assert sender.sent(out) == mine
    times = [packet.time for packet in out]
    assert times == sorted(times)


def test_a_half_sent_packet_goes_on() -> None:
    """A change of discipline neither resends the packet in service nor lets another one cut in."""
    element, senders = fair(Bench()), [Sender(1), Sender(2)]
    element.push([packet for sender in senders for packet in sender.packets(2)])
    due = element.deadline()
    for aqm in ("droptail", "fq_codel", "codel", "fq_codel", "pie"):
        element.configure(requested(rate="2mbit", aqm=aqm), 3 * MS)
        assert element.deadline() == due
    out, _ = element.pop(SECOND)
    assert [round(packet.time / MS, 3) for packet in out] == [round(n * FULL_MS, 3) for n in (1, 2, 3, 4)]


def test_what_moves_to_another_flows_element() -> None:
    """Half of the flows leave, with the packet in service: those that stay go on, none before it arrived."""
    a, b = Sender(1), Sender(2)
    here, there = fair(Bench()), fair(Bench())
    here.push(merged(a.packets(5, 0, MS), b.packets(5, MS, MS)))
    moved = here.migrate_out(lambda packet: packet.conversation is a.conversation)
    assert (a.sent(moved), [packet.time for packet in moved]) == (moved, [n * MS for n in range(5)])
    there.migrate_in(moved, 6 * MS)
    for element, sender in ((here, b), (there, a)):
        out, _ = element.pop(SECOND)
        assert sender.sent(out) == out
        assert len(out) == 5
        assert all(packet.time > packet.entered for packet in out)
