"""Resets and ICMP errors parsed back, with valid checksums, and packets that must not be answered."""

from __future__ import annotations

from ipaddress import ip_address
from struct import pack, unpack_from

import pytest

from syntheticnet.packets import icmp_replies
from syntheticnet.packets.datagram import read
from syntheticnet.packets.packet import IP, VNET

from ..builders import (
    ACK,
    CLIENT,
    CLIENT6,
    FIN,
    SERVER,
    SERVER6,
    SYN,
    TCP,
    UDP,
    checksum,
    frame,
    ipv4,
    ipv6,
    tcp,
    udp,
    udp_frame,
    vnet,
)

RST = 4
ICMP, ICMPV6 = 1, 58


def verified(answer: bytes | None, sent: bytes) -> bytes:
    """The payload of the answer, after its headers have been checked against the packet sent."""
    assert answer is not None
    assert answer[:VNET] == bytes(VNET)
    assert answer[VNET : VNET + 12] == sent[VNET + 6 : VNET + 12] + sent[VNET : VNET + 6]
    asked, got = read(sent), read(answer)
    assert asked
    assert got
    assert (got.source, got.destination, got.end) == (asked.destination, asked.source, len(answer))
    payload = answer[got.start :]
    pseudo = got.source + got.destination + pack("!II", len(payload), got.protocol)
    if got.version == 4:
        assert checksum(answer[IP : IP + 20]) == 0
    assert checksum((b"" if got.protocol == ICMP else pseudo) + payload) == 0
    return payload


def flagged(flags: int, payload: bytes = b"", sequence: int = 1000, version: int = 4) -> bytes:
    segment = tcp(5000, 80, payload, sequence, flags)
    return frame(ipv4(CLIENT, SERVER, TCP, segment) if version == 4 else ipv6(CLIENT6, SERVER6, TCP, segment))


@pytest.mark.parametrize("version", [4, 6])
@pytest.mark.parametrize(
    ("flags", "payload", "sequence", "expected"),
    [
        (SYN, b"", 1000, (0, 1001, RST | ACK)),
        (SYN | FIN, b"data", 0xFFFFFFFE, (0, 4, RST | ACK)),
        (0, b"data", 1000, (0, 1004, RST | ACK)),
        (ACK, b"data", 1000, (1, 0, RST)),
        (SYN | ACK, b"", 1000, (1, 0, RST)),
    ],
)
def test_reset_as_of_a_closed_port(
    version: int, flags: int, payload: bytes, sequence: int, expected: tuple[int, int, int]
) -> None:
    """RFC 9293 3.10.7.1: with an ACK the sequence number is that acknowledged; else all that came is acknowledged."""
    sent = flagged(flags, payload, sequence, version)
    ports, own, seen, offset, bits = unpack_from("!4sIIBB", verified(icmp_replies.refusal(sent, "reset"), sent))
    assert (own, seen, bits) == expected
    assert (ports, offset) == (pack("!HH", 80, 5000), 5 << 4)


@pytest.mark.parametrize(
    ("how", "icmp", "icmpv6"),
    [
        ("reset", (3, 3), (1, 4)),
        ("port-unreachable", (3, 3), (1, 4)),
        ("host-unreachable", (3, 1), (1, 3)),
        ("admin-prohibited", (3, 13), (1, 1)),
    ],
)
def test_unreachable(how: str, icmp: tuple[int, int], icmpv6: tuple[int, int]) -> None:
    """UDP gets an ICMP error with the code of the reason, quoting the packet; also for `reset`."""
    for source, destination, kind in ((CLIENT, SERVER, icmp), (CLIENT6, SERVER6, icmpv6)):
        sent = udp_frame(source, destination, 1000, 2000)
        message = verified(icmp_replies.refusal(sent, how), sent)
        assert (message[0], message[1]) == kind
        assert message[4:8] == bytes(4)
        assert message[8:] == sent[IP:]


@pytest.mark.parametrize("version", [4, 6])
def test_too_big(version: int) -> None:
    """Fragmentation needed has the MTU in 16 bits (RFC 1191), packet too big in 32 (RFC 4443); both quote a lot."""
    payload = udp(1000, 2000, bytes(1452))
    sent = frame(ipv4(CLIENT, SERVER, UDP, payload) if version == 4 else ipv6(CLIENT6, SERVER6, UDP, payload))
    answer = icmp_replies.too_big(sent, 1400)
    message = verified(answer, sent)
    assert message[:2] == (b"\x03\x04" if version == 4 else b"\x02\x00")
    assert int.from_bytes(message[4:8], "big") == 1400
    assert len(answer or b"") - IP == (576 if version == 4 else 1280)
    assert sent[IP:].startswith(message[8:])


def test_quotes_no_padding_and_no_partial_checksum() -> None:
    """The quote is what the wire would have carried: no Ethernet padding, a complete checksum."""
    sent = frame(ipv4(CLIENT, SERVER, UDP, udp(1, 2)), vnet(flags=1, start=34, offset=6)) + bytes(20)
    message = verified(icmp_replies.refusal(sent, "port-unreachable"), sent)
    assert len(message) == 8 + 28
    assert message[8 + 26 :] != bytes(2)


UNANSWERED = {
    "reset": flagged(RST),
    "reset with ack, IPv6": flagged(RST | ACK, version=6),
    "truncated TCP": frame(ipv4(CLIENT, SERVER, TCP, tcp(1, 2)[:12])),
    "ICMP unreachable": frame(ipv4(CLIENT, SERVER, ICMP, b"\x03\x03" + bytes(30))),
    "ICMPv6 unreachable": frame(ipv6(CLIENT6, SERVER6, ICMPV6, b"\x01\x04" + bytes(30))),
    "later fragment": frame(ipv4(CLIENT, SERVER, UDP, udp(1, 2, b"x"), fragment=100)),
    "later fragment, IPv6": frame(ipv6(CLIENT6, SERVER6, 44, bytes((UDP, 0, 0, 8)) + bytes(4) + udp(1, 2, b"x"))),
    "multicast": udp_frame(CLIENT, "224.0.0.251", 5353, 5353),
    "multicast, IPv6": udp_frame(CLIENT6, "ff02::fb", 5353, 5353),
    "broadcast": udp_frame(CLIENT, "255.255.255.255", 1, 2),
    "nobody's": udp_frame("0.0.0.0", SERVER, 68, 67),
    "group of the Ethernet": bytes(VNET) + b"\xff" * 6 + udp_frame(CLIENT, SERVER, 1, 2)[VNET + 6 :],
    "not IP": frame(b"\x45" + bytes(40))[: VNET + 12] + b"\x88\xcc" + bytes(40),
    "short": frame(ipv4(CLIENT, SERVER, UDP, udp(1, 2)))[: IP + 15],
    "header beyond the end": frame(b"\x4f" + ipv4(CLIENT, SERVER, UDP, b"")[1:]),
    "header too short": frame(b"\x43" + ipv4(CLIENT, SERVER, UDP, udp(1, 2))[1:]),
}


@pytest.mark.parametrize("name", UNANSWERED)
def test_what_must_not_be_answered(name: str) -> None:
    """RFC 1122 3.2.2, RFC 4443 2.4: no answer to errors, resets, groups, later fragments, or what cannot be read."""
    assert icmp_replies.refusal(UNANSWERED[name], "reset") is None
    assert icmp_replies.refusal(UNANSWERED[name], "port-unreachable") is None
    assert icmp_replies.too_big(UNANSWERED[name], 100) is None


@pytest.mark.parametrize(
    ("protocol", "version"),
    [(ICMP, 4), (ICMPV6, 6)],
)
def test_echo_requests_are_answered(protocol: int, version: int) -> None:
    """A ping is not an error, so it is answered."""
    message = bytes((8 if version == 4 else 128, 0)) + bytes(30)
    make, ends = (ipv4, (CLIENT, SERVER)) if version == 4 else (ipv6, (CLIENT6, SERVER6))
    sent = frame(make(*ends, protocol, message))
    assert verified(icmp_replies.refusal(sent, "host-unreachable"), sent)[8:] == sent[IP:]


def test_reads_past_extension_headers() -> None:
    """TCP behind hop-by-hop options and a first fragment is still TCP."""
    options = bytes((44, 0)) + bytes(6)
    fragment = bytes((TCP, 0, 0, 1)) + bytes(4)
    sent = frame(ipv6(CLIENT6, SERVER6, 0, options + fragment + tcp(5000, 80, flags=SYN)))
    found = read(sent)
    assert found
    assert (found.protocol, found.start, found.first) == (TCP, IP + 40 + 16, True)
    assert found.source == ip_address(CLIENT6).packed
    assert verified(icmp_replies.refusal(sent, "reset"), sent)[13] == RST | ACK
