"""Queue: each discipline at a bottleneck, judged by each packet's logical wait."""

from __future__ import annotations

from statistics import mean
from typing import Any

import pytest

from syntheticnet.elements.rate import Rate
from syntheticnet.packets.packet import Packet

from ..builders import MS, SECOND, Bench, carrying, packets, requested, times
from .senders import ECT, Reno, Sender, through, waits_ms
from .test_ecn import with_service

OWN_MS = 1.2112
"""How long a full-size packet's own bits take at 10 mbit."""


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


@pytest.mark.issue(15)
@pytest.mark.parametrize("ecn", [False, True])
@pytest.mark.parametrize(
    ("aqm", "least_ms", "most_ms"), [("droptail", 100, 200), ("codel", 0, 5), ("fq_codel", 0, 5), ("pie", 7.5, 30)]
)
def test_the_delay_under_a_sender_that_halves_its_window(aqm: str, least_ms: float, most_ms: float, ecn: bool) -> None:
    """Beside one stream through 10 mbit packets wait between half and all of a droptail queue of 200 ms, less than
    CoDel's target of 5 ms, and PIE's of 15 ms by a factor of two, as its few losses swing; with marks as with drops.

    With FQ-CoDel a sparse flow waits only for the packet being sent. All but CoDel keep the link busy.
    """
    bench = Bench()
    marks: dict[str, Any] = {"ecn": True} if ecn and aqm != "droptail" else {}
    marks |= {"pie_ecn_threshold": "100%"} if marks and aqm == "pie" else {}
    element = Rate(requested(rate="10mbit", aqm=aqm, **marks), bench.context)
    stream, probe = Reno(Sender(1, ecn=ECT if ecn else 0), 40 * MS), Sender(2, 100)
    out = through(element, bench, stream, 12, probe.packets(600, 7, 20 * MS))
    assert least_ms <= mean(waits_ms(stream.out, 4)) - OWN_MS <= most_ms
    probes = waits_ms(probe.sent(out), 4)
    if aqm == "fq_codel":
        assert max(probes) <= 1.1 * OWN_MS
    else:
        assert least_ms <= mean(probes) <= most_ms
    assert not (marks and stream.sender.sent(bench.dropped.packets))
    busy = len(waits_ms(stream.out, 4)) * OWN_MS / 8000
    assert (0.8 if "codel" in aqm else 0.95) <= busy <= 1


@pytest.mark.parametrize("aqm", ["codel", "fq_codel", "pie"])
def test_turning_the_bottleneck_off_drops_nothing(aqm: str) -> None:
    """An unlimited rate lets all that waits go at once, however long it has waited and whatever drops it so far."""
    bench = Bench()
    element = Rate(requested(rate="1mbit", aqm=aqm, queue="1000p"), bench.context)
    element.push(packets(800, size=125, gap=MS // 2))
    element.pop(SECOND // 2)
    dropped = len(bench.dropped.packets)
    element.configure(requested(rate="unlimited", aqm=aqm, queue="1000p"), SECOND // 2)
    element.pop(SECOND // 2)
    assert (len(element), len(bench.dropped.packets)) == (0, dropped)
