"""Reject: everything is dropped and answered, except other elements' answers."""

from __future__ import annotations

import pytest

from syntheticnet.elements.reject import Reject
from syntheticnet.packets.icmp_replies import refusal
from syntheticnet.packets.packet import Packet

from ..builders import CLIENT, MS, SERVER, Bench, carrying, requested, tcp_frame, udp_frame


@pytest.mark.parametrize("how", ["reset", "port-unreachable", "host-unreachable", "admin-prohibited"])
def test_drops_and_answers(how: str) -> None:
    """Each packet is dropped as rejected, and its answer goes back, marked and stamped with the packet's time."""
    bench = Bench()
    element = Reject(requested(reject=how), bench.context)
    sent = [carrying(make(CLIENT, SERVER, 1, 2), n * MS) for n, make in enumerate((tcp_frame, udp_frame))]
    element.push(sent)
    assert element.deadline() == 0
    forward, backward = element.pop(2 * MS)
    assert (forward, bench.dropped.packets, bench.dropped.causes) == ([], sent, ["reject", "reject"])
    assert [answer.buffer for answer in backward] == [refusal(packet.buffer, how) for packet in sent]
    assert all(answer.originated for answer in backward)
    assert [answer.time for answer in backward] == [0, MS]
    assert (len(element), element.deadline()) == (0, None)


def test_answers_of_elements_pass() -> None:
    """Otherwise two rejecting links would answer each other for ever."""
    bench = Bench()
    element = Reject(requested(reject="reset"), bench.context)
    answer = Packet(udp_frame(CLIENT, SERVER, 1, 2), 0, carrying(b"").conversation, originated=True)
    element.push([answer])
    assert element.pop(0) == ([answer], [])


def test_turned_off_it_lets_pass() -> None:
    """Clearing the rejection applies at once."""
    bench = Bench()
    element = Reject(requested(reject="reset"), bench.context)
    element.configure(requested(), 0)
    sent = carrying(udp_frame(CLIENT, SERVER, 1, 2))
    element.push([sent])
    assert element.pop(0) == ([sent], [])
    assert not Reject.enabled(requested())
