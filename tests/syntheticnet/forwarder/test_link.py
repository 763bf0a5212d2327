"""Link: the chain of elements, what flows share in it, and its counters."""

from __future__ import annotations

from collections.abc import Iterable
from math import sqrt
from typing import Any

import pytest

from syntheticnet.conditions import LinkConditions
from syntheticnet.forwarder.link import MOST_HELD_BYTES, PACKET_COST, STALLED_NS, Link
from syntheticnet.packets.packet import Packet

from ..builders import MS, SECOND, packet, packets, requested, times

FAR = 1000 * SECOND


def link(values: LinkConditions | None = None, seed: int = 7, direction: str = "egress", **flows: Any) -> Link:
    made = Link(direction, seed)
    made.configure(values or requested(), flows, 0)
    return made


def through(path: Link, sent: list[Packet]) -> list[Packet]:
    """What comes out of `sent`, each popped when it is due; the link is empty afterwards."""
    out: list[Packet] = []
    for each in sent:
        path.push([each], each.time)
        out += _popped(path, each.time)
    while (due := path.due) is not None:
        out += _popped(path, due)
    assert len(path) == 0
    return out


def _popped(path: Link, now: int) -> list[Packet]:
    forward, _ = path.pop(now)
    path.sent(forward, now)
    return forward


def indices(sent: list[Packet], out: Iterable[Packet]) -> list[int]:
    place = {each: n for n, each in enumerate(sent)}
    return [place[each] for each in out]


def test_a_perfect_link_has_no_stage() -> None:
    """Without conditions packets leave unchanged and at once, and super-frames may pass uncut."""
    path = link()
    assert path.perfect
    sent = packets(3, gap=1)
    path.push(sent, 5)
    assert (len(path), path.due) == (3, 5)
    assert path.pop(5) == (sent, [])
    assert times(sent) == [0, 1, 2]
    assert not link(requested(loss="1%")).perfect
    assert not link(requested(), udp=requested(loss="1%")).perfect
    assert link(requested(loss="0%", rate="unlimited", latency="0ms")).perfect


def test_the_bottleneck_comes_before_the_path() -> None:
    """A packet waits at the bottleneck first, and then for the latency."""
    path = link(requested(rate="1mbit", latency="80ms"))
    assert times(through(path, packets(3, size=125))) == [81 * MS, 82 * MS, 83 * MS]


@pytest.mark.issue(15)
def test_a_stage_may_be_served_late_if_the_next_one_holds_longer() -> None:
    """Two packets of 1 ms each behind a bottleneck and 80 ms: nothing has to be done before the first one leaves."""
    path = link(requested(rate="1mbit", latency="80ms"))
    path.push(packets(2, size=125), 0)
    assert path.pop(0) == ([], [])
    assert path.due == 81 * MS
    assert times(_popped(path, 81 * MS)) == [81 * MS]
    assert path.due == 82 * MS
    assert times(_popped(path, 82 * MS)) == [82 * MS]
    assert path.due is None


@pytest.mark.issue(15)
def test_whoever_answers_is_not_read_late() -> None:
    """An answer leaves when its packet is read, so with such an effect there is no slack, whatever the latency."""
    assert link(requested(latency="80ms")).slack == 80 * MS
    assert link(requested(latency="80ms", mtu="1280b")).slack == 0


def test_lost_packets_have_used_the_bottleneck() -> None:
    """Loss comes after the bottleneck: lost packets have taken their transmission time."""
    sent = packets(1000, size=125)
    out = through(link(requested(rate="1mbit", queue="1000p", loss="50%")), sent)
    assert [(n + 1) * MS for n in indices(sent, out)] == times(out)
    assert 400 < len(out) < 600


def test_a_flow_shares_what_it_does_not_name() -> None:
    """With a rate on the link and loss on a flow, the flow shares the link's queue and has its own loss."""
    path = link(requested(rate="1mbit", queue="10000p"), udp=requested(loss="5%"))
    sent = [packet(125, 0, ("udp", "default")[n % 2]) for n in range(10_000)]
    out = through(path, sent)
    assert times(out) == [(n + 1) * MS for n in indices(sent, out)]
    lost = path.flow_counters["udp"].dropped["loss"]
    assert abs(lost - 250) < 5 * sqrt(5000 * 0.05 * 0.95)
    assert (path.flow_counters["default"].dropped.total(), len(out)) == (0, 10_000 - lost)


def test_a_flow_with_a_rate_has_a_bottleneck_of_its_own() -> None:
    """Packets of a flow with its own bottleneck neither wait for the others nor delay them."""
    path = link(requested(rate="1mbit"), udp=requested(rate="1mbit"))
    out = through(path, [packet(125, 0, ("udp", "default")[n % 2]) for n in range(10)])
    assert times(out) == [n * MS for n in (1, 1, 2, 2, 3, 3, 4, 4, 5, 5)]


def test_how_long_packets_waited_in_the_queue() -> None:
    """The delay in the queue is the wait for the packets before it: neither its own bits nor the path's latency."""
    path = link(requested(rate="1mbit", latency="80ms"), udp=requested(latency="80ms"))
    through(path, [packet(125, 0) for _ in range(5)])
    assert path.total.achieved(100 * MS)["queue_delay_p50_ms"] == 2
    assert path.total.achieved(100 * MS)["queue_delay_p95_ms"] == 4


def test_no_delay_in_a_queue_without_a_bottleneck() -> None:
    """Without a rate there is no queue to wait in, whatever the latency: the number is absent."""
    path = link(requested(latency="80ms"))
    through(path, [packet(125, 0)])
    assert "queue_delay_p50_ms" not in path.total.achieved(100 * MS)


def test_streams_of_random_numbers_are_independent() -> None:
    """Which packets are lost depends only on seed, direction, flow and loss."""

    def lost(values: LinkConditions, seed: int = 7, direction: str = "egress", **flows: Any) -> list[int]:
        sent = packets(2000, size=100, gap=MS)
        out = set(through(link(values, seed, direction, **flows), sent))
        return [n for n, each in enumerate(sent) if each not in out]

    plain = lost(requested(loss="5%"))
    assert plain
    assert lost(requested(loss="5%", latency="40ms", jitter="20ms")) == plain
    assert lost(requested(loss="5%", rate="10mbit")) == plain
    assert lost(requested(loss="5%"), tcp=requested(loss="50%", latency="9ms")) == plain
    assert lost(requested(loss="5%"), seed=8) != plain
    assert lost(requested(loss="5%"), direction="ingress") != plain


def test_a_change_elsewhere_leaves_decisions_unchanged() -> None:
    """A live change of latency does not shift the random stream of the loss."""
    sent = packets(2000, size=100, gap=MS)
    changed = link(requested(loss="5%"))
    out = set(through(changed, sent[:1000]))
    changed.configure(requested(loss="5%", latency="3ms", jitter="2ms"), {}, 1000 * MS)
    out |= set(through(changed, sent[1000:]))
    again = packets(2000, size=100, gap=MS)
    assert indices(sent, sorted(out, key=sent.index)) == indices(again, through(link(requested(loss="5%")), again))


DRAWING: list[dict[str, Any]] = [
    {"loss": "20%"},
    {"loss": "20%", "loss_burst": "4p"},
    {"loss_gemodel": "4% 20% 70% 0.5%"},
    {"loss_state": "3% 20% 10% 40% 2%"},
    {"loss_every": "7p", "loss_list": "3,10-20"},
    {"duplicate": "20%"},
    {"reorder": "20%"},
    {"latency": "20ms", "jitter": "15ms", "reordering": "true"},
    {"latency": "20ms", "jitter": "15ms", "distribution": "normal", "jitter_share": "50%"},
    {"slot": "1ms-30ms"},
    {"loss": "10%", "loss_state": "3%", "duplicate": "10%", "rate": "1mbit", "jitter": "9ms", "reorder": "5%"},
]


@pytest.mark.issue(10)
@pytest.mark.parametrize("values", DRAWING)
def test_a_seed_begins_every_stream_anew(values: dict[str, Any]) -> None:
    """Setting a seed restarts existing elements: the same packets have the same fates at the same times."""
    path = link(requested(loss="3%", loss_burst="9p"))
    through(path, packets(70, size=100, gap=MS))
    fates = []
    for turn in range(1, 4):
        start = turn * SECOND
        path.configure(requested(**values), {"udp": requested(**values)}, start, seed=42)
        _popped(path, start)
        sent = [packet(100, start + n * MS, ("udp", "default")[n % 2]) for n in range(500)]
        entered = {each: each.time for each in sent}
        out = through(path, sent)
        fates.append([(each.entered - start, each.flow, each.time - start) for each in out])
        assert set(out) != set(entered) or times(out) != sorted(entered.values())
    assert fates[0] == fates[1] == fates[2]


@pytest.mark.parametrize("after", [{}, {"loss": "0.001%"}, {"rate": "100mbit"}, {"latency": "20ms"}])
@pytest.mark.parametrize("before", [{"latency": "500ms"}, {"rate": "100kbit"}, {"rate": "1mbit", "latency": "80ms"}])
def test_a_live_change_loses_and_reorders_nothing(before: dict[str, str], after: dict[str, str]) -> None:
    """Held packets leave by the new values, in order, before newcomers, even those stamped before the change."""
    path = link(requested(**before))
    held, late, new = packets(9, gap=MS), packets(2, time=98 * MS), packets(9, time=101 * MS, gap=MS)
    path.push(held, 10 * MS)
    out = _popped(path, 99 * MS)
    path.configure(requested(**after), {}, 100 * MS)
    out += _popped(path, 100 * MS)
    path.push(late, 100 * MS)
    out += _popped(path, 100 * MS)
    out += through(path, new)
    assert out == held + late + new
    assert path.total.dropped.total() == 0


def test_turned_off_it_becomes_perfect_again() -> None:
    """Once its packets have left, a link without conditions has no stages."""
    path = link(requested(latency="500ms"))
    path.push(packets(3), 0)
    assert _popped(path, 0) == []
    path.configure(requested(), {}, 5 * MS)
    assert (path.perfect, len(path), path.due) == (False, 3, 5 * MS)
    assert len(_popped(path, 5 * MS)) == 3
    assert (path.perfect, len(path), path.due) == (True, 0, None)


def test_newcomers_of_a_link_that_gains_elements_stay_behind() -> None:
    """Packets pushed before the first element existed stay ahead of later ones."""
    path = link()
    first, second = packets(2), packets(2, time=2)
    path.push(first, 0)
    path.configure(requested(latency="5ms"), {}, 1)
    path.push(second, 2)
    assert [*_popped(path, 2), *_popped(path, SECOND // 20)] == first + second


def test_a_newcomer_wakes_nobody_before_it_may_leave() -> None:
    """A link that holds every packet is popped when the first may leave, not when one comes."""
    path = link(requested(latency="20ms", jitter="5ms", loss="1%", rate="20mbit"))
    path.pop(0)
    path.push(packets(2, gap=MS, time=MS), 3 * MS)
    assert path.due == MS + 15 * MS
    path.push(packets(1, time=2 * MS), 3 * MS)
    assert path.due == MS + 15 * MS


def test_what_is_overdue_is_dropped_as_stalled() -> None:
    """Packets overdue by more than 100 ms waited for a stopped process and are dropped."""
    path = link(requested(latency="50ms"))
    path.push(packets(5, gap=MS), 4 * MS)
    out = _popped(path, 52 * MS + STALLED_NS)
    assert times(out) == [52 * MS, 53 * MS, 54 * MS]
    assert path.total.dropped == {"stalled": 2}
    assert path.total.queued == len(path) == 0


def test_a_perfect_link_drops_what_is_overdue_too() -> None:
    """Packets that waited in the socket while the process was stopped are not sent late."""
    path = link()
    path.push([packet(100, 0), packet(100, 10)], 10 + STALLED_NS)
    assert times(_popped(path, 10 + STALLED_NS)) == [10]
    assert path.total.dropped == {"stalled": 1}


def test_counts_are_conserved() -> None:
    """in + duplicated + originated = out + dropped + queued, in total and per flow; `queued` agrees with the link."""
    path = link(
        requested(rate="5mbit", loss="10%", latency="30ms", jitter="20ms"), udp=requested(loss="50%", rate="1mbit")
    )
    for n in range(500):
        path.push([packet(500, n * MS, ("udp", "other", "default")[n % 3])], n * MS)
        _popped(path, n * MS)
    assert path.total.queued == len(path) > 0
    flows = path.flow_counters.values()
    assert path.total.packets_in == sum(counters.packets_in for counters in flows) == 500
    assert path.total.packets_out == sum(counters.packets_out for counters in flows)
    assert path.total.dropped == sum((counters.dropped for counters in flows), start=type(path.total.dropped)())
    assert sum(counters.queued for counters in flows) == len(path)
    _popped(path, FAR)
    assert path.total.queued == len(path) == 0


def test_the_counts_of_a_removed_flow_stay_in_the_total() -> None:
    """A removed flow's packets still count in the total; a new flow of the same name starts at zero."""
    path = link(requested(), udp=requested(latency="500ms"))
    path.push([packet(100, 0, "udp"), packet(100, 0)], 0)
    _popped(path, 0)
    path.configure(requested(latency="200ms"), {}, 1)
    assert list(path.flow_counters) == ["default"]
    assert (path.total.packets_in, path.total.queued) == (2, 1)
    assert len(_popped(path, 200 * MS)) == 1
    path.configure(requested(), {"udp": requested(loss="1%")}, SECOND)
    assert (path.total.packets_out, path.total.queued, path.flow_counters["udp"].packets_in) == (2, 0, 0)


def test_memory_for_what_waits_is_bounded() -> None:
    """Beyond the memory limit newcomers are dropped with the cause `memory` until packets have left."""
    path = link(requested(latency="10s"))
    each = 1_000_000
    room = MOST_HELD_BYTES // (each + PACKET_COST)
    path.push(packets(room + 3, size=each), 0)
    assert (len(path), path.total.dropped) == (room, {"memory": 3})
    assert len(_popped(path, 10 * SECOND)) == room
    path.push(packets(room, size=each, time=10 * SECOND), 10 * SECOND)
    assert (len(path), path.total.dropped) == (room, {"memory": 3})
