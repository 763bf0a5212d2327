"""Pipeline: one direction between two ports, on a hand-moved clock."""

from __future__ import annotations

from ipaddress import ip_address

from syntheticnet.forwarder.classifier import ControlAccess
from syntheticnet.packets.packet import IP, VNET

from ..builders import CLIENT, MS, SECOND, SERVER, frame, ipv4, tcp, tcp_frame, udp_frame, vnet
from .path import HOST, Path

SUPER_FRAME = frame(ipv4(CLIENT, SERVER, 6, tcp(5000, 443, bytes(5000))), vnet(1, 1, 1000, 34, 16))
MALFORMED = vnet(1, 1, 1000, 3, 16) + SUPER_FRAME[VNET:]


def test_a_perfect_way_passes_super_frames_whole(path: Path) -> None:
    """Without conditions a super-frame is one packet and leaves unchanged."""
    path.admit(SUPER_FRAME)
    assert path.sent(0) == [SUPER_FRAME]
    assert (path.total.packets_in, path.total.packets_out) == (1, 1)


def test_a_conditioned_way_cuts_super_frames(path: Path) -> None:
    """With any condition packets have wire size and are counted after segmentation."""
    path.configure(egress={"latency": "5ms"})
    path.admit(SUPER_FRAME)
    assert path.sent(5 * MS - 1) == []
    sent = path.sent(5 * MS)
    assert [len(buffer) - VNET for buffer in sent] == [1054] * 5
    assert (path.total.packets_in, path.total.bytes_in) == (5, 5 * 1054)


def test_conditions_of_the_other_direction_cost_nothing(path: Path) -> None:
    """An ingress impairment leaves egress perfect."""
    path.configure(ingress={"latency": "5ms"})
    path.admit(SUPER_FRAME)
    assert path.sent(0) == [SUPER_FRAME]


def test_a_muted_link_is_perfect(path: Path) -> None:
    """Its values cost nothing; a flow then has its own values only."""
    path.configure(egress={"latency": "5ms", "loss": "100%"}, muted=True)
    path.admit(SUPER_FRAME)
    assert path.sent(0) == [SUPER_FRAME]
    path.configure(egress={"latency": "5ms"}, muted=True, flows={"*:udp": {"egress": {"latency": "2ms"}}})
    datagram, segment = udp_frame(CLIENT, SERVER, 1, 2), tcp_frame(CLIENT, SERVER, 1, 2)
    path.admit(datagram, segment)
    assert path.sent(0) == [segment]
    assert path.sent(2 * MS) == [datagram]


def test_a_muted_flow_leaves_its_packets_to_the_next(path: Path) -> None:
    """They get the values of the next flow that matches, else of the link, and are counted there."""
    flows = {"*:udp:2": {"egress": {"loss": "100%"}, "muted": True}, "*:udp": {"egress": {"latency": "2ms"}}}
    path.configure(egress={"latency": "5ms"}, flows=flows | {"*:tcp": {"egress": {"loss": "100%"}, "muted": True}})
    datagram, segment = udp_frame(CLIENT, SERVER, 1, 2), tcp_frame(CLIENT, SERVER, 1, 2)
    path.admit(datagram, segment)
    assert [path.sent(2 * MS), path.sent(5 * MS)] == [[datagram], [segment]]
    counted = {name: counters.packets_out for name, counters in path.pipeline.link.flow_counters.items()}
    assert counted == {"default": 1, "*:udp": 1}


def test_packets_of_a_flow_that_is_muted_go_on(path: Path) -> None:
    """Muting drops no packet that waits: it continues its wait with the values that now apply."""
    flow = {"egress": {"latency": "9ms"}}
    path.configure(egress={"latency": "5ms"}, flows={"*:udp": flow})
    datagram = udp_frame(CLIENT, SERVER, 1, 2)
    path.admit(datagram)
    path.configure(now=MS, egress={"latency": "5ms"}, flows={"*:udp": flow | {"muted": True}})
    assert [path.sent(5 * MS - 1), path.sent(5 * MS)] == [[], [datagram]]


def test_malformed_super_frames_are_counted(path: Path) -> None:
    """A malformed super-frame is dropped, and the rest of the batch passes."""
    path.configure(egress={"latency": "5ms"})
    small = udp_frame(CLIENT, SERVER, 1, 2)
    path.admit(MALFORMED, small)
    assert path.sent(5 * MS) == [small]
    assert (path.total.dropped, path.total.packets_in) == ({"malformed": 1}, 2)


def test_exempt_frames_pass_at_once(path: Path) -> None:
    """ARP and the host's control traffic are not conditioned, and counted separately."""
    path.configure(egress={"loss": "100%"})
    arp = udp_frame(CLIENT, SERVER, 1, 2)[: IP - 2] + b"\x08\x06" + bytes(28)
    control = tcp_frame(CLIENT, HOST, 80, 40000)
    path.admit(arp, control, udp_frame(CLIENT, SERVER, 1, 2))
    assert path.sent(0) == [arp, control]
    assert (path.total.packets_in, path.total.dropped["loss"]) == (1, 1)
    assert path.pipeline.report(0)["bypassed"] == 2


def test_control_ports_are_closed_to_others(path: Path) -> None:
    """Packets from a control port leave only toward the host."""
    path.admit(tcp_frame(CLIENT, SERVER, 80, 40000))
    assert path.sent(0) == []
    assert path.total.dropped == {"closed": 1}


def test_a_prepared_change_keeps_the_access_that_came_after_it(path: Path) -> None:
    """Whoever was let in, or out, since a change was prepared still is when it comes into force."""
    prepared = path.plan(egress={"latency": "5ms"})
    path.pipeline.let_in(ControlAccess(frozenset({ip_address(SERVER).packed}), frozenset({80})))
    path.pipeline.adopt(prepared, 0)
    to_newcomer, to_former = (tcp_frame(CLIENT, peer, 80, 40000) for peer in (SERVER, HOST))
    path.admit(to_newcomer, to_former)
    assert path.sent(5 * MS) == [to_newcomer]
    assert path.total.dropped == {"closed": 1}


def test_logical_time_is_the_stamp_and_never_runs_back(path: Path) -> None:
    """Latency counts from the kernel's stamp; stamps that are out of order or in the future are corrected."""
    path.configure(egress={"latency": "50ms"})
    buffer = udp_frame(CLIENT, SERVER, 1, 2)
    path.admit(buffer, stamp=10 * MS, now=40 * MS)
    path.admit(buffer, stamp=9 * MS, now=40 * MS)
    path.admit(buffer, stamp=99 * MS, now=40 * MS)
    assert path.sent(40 * MS) == []
    assert path.pipeline.link.due == 60 * MS
    assert [len(path.sent(now * MS)) for now in (59, 60, 89, 90)] == [0, 2, 0, 1]


def test_what_waited_in_the_socket_too_long_is_stalled(path: Path) -> None:
    """Frames with old stamps waited for a stopped process and are dropped, not sent late."""
    path.admit(udp_frame(CLIENT, SERVER, 1, 2), stamp=0, now=3 * SECOND)
    assert path.sent(3 * SECOND) == []
    assert path.total.dropped == {"stalled": 1}


def test_what_the_kernel_refuses_is_dropped(path: Path) -> None:
    """A frame the kernel rejects is counted as dropped with the cause `send`."""
    path._wire.close()
    path.admit(udp_frame(CLIENT, SERVER, 1, 2), udp_frame(CLIENT, SERVER, 1, 2))
    path.pipeline.release(0)
    assert path.total.dropped == {"send": 2}
    assert (path.total.packets_out, len(path.pipeline.link)) == (0, 0)


def test_top_counts_after_conditioning(path: Path) -> None:
    """Sent packets and bits (plus 24 octets each) per remote peer, across a change of conditions."""
    buffer = udp_frame(CLIENT, SERVER, 5000, 443)
    path.configure(egress={"latency": "5ms"})
    path.admit(buffer, buffer)
    path.configure(now=1 * MS, egress={"latency": "6ms"})
    path.admit(buffer, stamp=2 * MS)
    assert path.pipeline.top() == []
    assert len(path.sent(20 * MS)) == 3
    id = int.from_bytes(ip_address(SERVER).packed, "little") | 17 << 32 | 443 << 48
    assert path.pipeline.top() == [(3, 3 * 8 * (len(buffer) - VNET + 24), id)]


def test_a_change_finds_what_came_just_before_it(path: Path) -> None:
    """A packet read just before a change, and not yet in an element, migrates with the held ones, in order."""
    first, second, third = (udp_frame(CLIENT, SERVER, 5000 + n, 443) for n in range(3))
    path.configure(egress={"latency": "300ms"})
    path.admit(first, stamp=0)
    path.pipeline.release(0)
    path.admit(second, stamp=10 * MS)
    path.configure(now=10 * MS, egress={"latency": "300ms"}, flows={"*:udp:443": {"egress": {"latency": "100ms"}}})
    path.admit(third, stamp=11 * MS)
    assert [path.sent(now * MS) for now in (99, 100, 109, 110, 111)] == [[], [first], [], [second], [third]]


def test_a_change_finds_no_super_frame(path: Path) -> None:
    """A super-frame read on a perfect link leaves uncut before the change: no element sees it."""
    path.admit(SUPER_FRAME)
    path.configure(egress={"latency": "5ms"})
    assert path.sent(0) == [SUPER_FRAME]
    assert path.total.packets_out == 1
