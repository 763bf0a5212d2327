"""Corrupt: exactly one bit behind the Ethernet header, which the receiver's checksum finds."""

from __future__ import annotations

from math import sqrt
from struct import pack

from syntheticnet.elements.corrupt import Corrupt
from syntheticnet.packets.checksum import completed
from syntheticnet.packets.packet import IP, VNET

from ..builders import CLIENT, SERVER, UDP, Bench, carrying, checksum, frame, ipv4, packets, requested, udp, vnet

MANY = 20_000


def partial() -> bytes:
    """A frame with a partial UDP checksum."""
    datagram = udp(1000, 2000, b"payload!")
    pseudo = checksum(ipv4(CLIENT, SERVER, UDP, b"")[12:20] + pack("!HH", UDP, len(datagram))) ^ 0xFFFF
    return frame(
        ipv4(CLIENT, SERVER, UDP, datagram[:6] + pack("!H", pseudo) + datagram[8:]), vnet(flags=1, start=34, offset=6)
    )


def test_one_bit_of_a_whole_packet() -> None:
    """Compared with the completed packet one bit differs, evenly distributed, never in the Ethernet header."""
    element = Corrupt(requested(corrupt="100%"), Bench().context)
    buffer = partial()
    whole = completed(buffer)
    sent = [carrying(buffer) for _ in range(3000)]
    element.push(sent)
    places = set()
    for packet in element.pop(0)[0]:
        wrong = [n for n in range(len(whole)) if packet.buffer[n] != whole[n]]
        assert len(wrong) == 1
        assert (packet.buffer[wrong[0]] ^ whole[wrong[0]]).bit_count() == 1
        assert packet.buffer[:VNET] == bytes(VNET)
        places.add(wrong[0])
    assert places == set(range(IP, len(whole)))


def test_the_receiver_sees_it() -> None:
    """A flipped bit in the datagram breaks the UDP checksum; one in the IP header breaks the header checksum."""
    element = Corrupt(requested(corrupt="100%"), Bench(2).context)
    element.push([carrying(partial()) for _ in range(200)])
    for packet in element.pop(0)[0]:
        header, datagram = packet.buffer[IP : IP + 20], packet.buffer[IP + 20 :]
        pseudo = header[12:] + pack("!HH", UDP, len(datagram))
        assert checksum(header) or checksum(pseudo + datagram)


def test_share() -> None:
    """The configured share of packets changes; the others stay identical, and none is lost."""
    bench = Bench()
    element = Corrupt(requested(corrupt="5%"), bench.context)
    sent = packets(MANY, size=100)
    plain = sent[0].buffer
    element.push(sent)
    assert element.pop(0)[0] == sent
    changed = sum(packet.buffer != plain for packet in sent)
    assert abs(changed - 0.05 * MANY) < 5 * sqrt(MANY * 0.05 * 0.95)
    assert bench.dropped.packets == []


def test_nothing_to_flip() -> None:
    """A bare Ethernet header passes unchanged."""
    element = Corrupt(requested(corrupt="100%"), Bench().context)
    bare = carrying(bytes(IP))
    element.push([bare])
    assert element.pop(0)[0][0].buffer == bytes(IP)
    element.configure(requested(), 0)
    assert not Corrupt.enabled(requested(corrupt="0%"))
