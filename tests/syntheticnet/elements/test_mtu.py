"""Mtu: the longest IP packet that passes, the answer to longer ones, and the black hole."""

from __future__ import annotations

import pytest

from syntheticnet.elements.mtu import Mtu
from syntheticnet.packets.packet import IP, Packet

from ..builders import CLIENT, CLIENT6, SERVER, SERVER6, UDP, Bench, carrying, frame, ipv4, ipv6, requested, udp


def datagram(length: int, version: int = 4) -> Packet:
    """A packet whose IP packet has `length` bytes."""
    if version == 4:
        return carrying(frame(ipv4(CLIENT, SERVER, UDP, udp(1, 2, bytes(length - 28)))))
    return carrying(frame(ipv6(CLIENT6, SERVER6, UDP, udp(1, 2, bytes(length - 48)))))


@pytest.mark.parametrize("version", [4, 6])
def test_counts_the_ip_packet(version: int) -> None:
    """1400 bytes pass, 1401 do not, and the answer says 1400."""
    bench = Bench()
    element = Mtu(requested(mtu="1400b"), bench.context)
    fits, longer = datagram(1400, version), datagram(1401, version)
    element.push([fits, longer])
    forward, backward = element.pop(0)
    assert (forward, bench.dropped.packets, bench.dropped.causes) == ([fits], [longer], ["mtu"])
    (answer,) = backward
    message = answer.buffer[IP + (20 if version == 4 else 40) :]
    assert (message[:2], int.from_bytes(message[4:8])) == (b"\x03\x04" if version == 4 else b"\x02\x00", 1400)
    assert answer.originated


def test_black_hole() -> None:
    """Without answers long packets are dropped silently (RFC 2923)."""
    bench = Bench()
    element = Mtu(requested(mtu="1400b", mtu_answer=False), bench.context)
    element.push([datagram(1500)])
    assert (element.pop(0), bench.dropped.causes) == (([], []), ["mtu"])


def test_answers_of_elements_pass() -> None:
    """An answer that is itself too long is not answered."""
    element = Mtu(requested(mtu="68b"), Bench().context)
    answer = datagram(100).answer(datagram(576).buffer)
    element.push([answer])
    assert element.pop(0) == ([answer], [])


def test_live_change() -> None:
    """A new MTU applies to the next packet; without one all pass."""
    bench = Bench()
    element = Mtu(requested(mtu="1400b"), bench.context)
    element.configure(requested(mtu="1300b"), 0)
    element.push([datagram(1301)])
    element.configure(requested(), 0)
    last = datagram(1500)
    element.push([last])
    assert (element.pop(0)[0], len(bench.dropped.packets)) == ([last], 1)
