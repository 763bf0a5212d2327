"""Queue: CoDel and ECN at a bottleneck, judged by each packet's logical wait."""

from __future__ import annotations

from typing import Any

from syntheticnet.elements.rate import Rate
from syntheticnet.packets.packet import Packet

from ..builders import MS, SECOND, Bench, carrying, packets, requested, times
from .test_ecn import with_service


def flood(bench: Bench, sent: list[Packet], **written: Any) -> list[Packet]:
    """The packets that pass a bottleneck of 1 mbit with a long queue."""
    element = Rate(requested(rate="1mbit", queue="1000p", **written), bench.context)
    element.push(sent)
    out, _ = element.pop(100 * SECOND)
    assert len(element) == 0
    return out


def test_codel_drops_when_packets_leave() -> None:
    """125 bytes take 1 ms: the first wait of 5 ms is at 5 ms, so drops begin at 105 ms, then by the control law."""
    bench = Bench()
    sent = packets(400, size=125)
    out = flood(bench, sent, aqm="codel")
    assert set(bench.dropped.causes) == {"codel"}
    assert [sent.index(packet) for packet in bench.dropped.packets][:1] == [105]
    assert times(out) == [n * MS for n in range(1, len(out) + 1)]  # a drop takes no time on the wire
    assert len(out) + len(bench.dropped.packets) == 400


def test_own_target_and_interval() -> None:
    """Drops begin an interval after the wait reached the target."""
    bench = Bench()
    sent = packets(400, size=125)
    flood(bench, sent, aqm="codel", codel_target="20ms", codel_interval="30ms")
    assert sent.index(bench.dropped.packets[0]) == 50


def test_droptail_is_the_default() -> None:
    """Without `aqm`, or with droptail, only a full queue drops."""
    for written in ({}, {"aqm": "droptail"}):
        bench = Bench()
        assert len(flood(bench, packets(400, size=125), **written)) == 400


def test_ecn_marks_instead() -> None:
    """ECN-capable packets are marked instead of dropped; the others are still dropped."""
    plain, ecn = Bench(), Bench()
    flood(plain, [carrying(with_service(2, 4)) for _ in range(1000)], aqm="codel")
    out = flood(ecn, [carrying(with_service(2, 4)) for _ in range(1000)], aqm="codel", ecn=True)
    assert plain.dropped.packets
    assert ecn.dropped.packets == []
    assert sum(packet.buffer == with_service(3, 4) for packet in out) >= len(plain.dropped.packets)
    incapable = Bench()
    flood(incapable, [carrying(with_service(0, 4)) for _ in range(1000)], aqm="codel", ecn=True)
    assert len(incapable.dropped.packets) == len(plain.dropped.packets)


def test_codel_can_be_switched_on_and_off_while_packets_wait() -> None:
    """The change itself drops nothing; the new rule applies from then on."""
    bench = Bench()
    element = Rate(requested(rate="1mbit", queue="1000p"), bench.context)
    element.push(packets(400, size=125))
    element.configure(requested(rate="1mbit", queue="1000p", aqm="codel"), 10 * MS)
    assert (len(element), bench.dropped.packets) == (400, [])
    element.pop(150 * MS)
    dropped = len(bench.dropped.packets)
    assert dropped
    element.configure(requested(rate="1mbit", queue="1000p"), 150 * MS)
    element.pop(SECOND)
    assert (len(bench.dropped.packets), len(element)) == (dropped, 0)
