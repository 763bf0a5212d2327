"""Ecn: sets CE on ECN-capable packets, with a valid checksum and no other change."""

from __future__ import annotations

import pytest

from syntheticnet.elements.ecn import marked
from syntheticnet.packets.packet import IP, VNET

from ..builders import CLIENT, CLIENT6, SERVER, SERVER6, UDP, checksum, frame, ipv4, ipv6, udp


def with_service(service: int, version: int) -> bytes:
    """A frame with this TOS or traffic class."""
    if version == 6:
        packet = ipv6(CLIENT6, SERVER6, UDP, udp(1, 2, b"data"))
        return frame((6 << 28 | service << 20 | 0xABCDE).to_bytes(4, "big") + packet[4:])
    whole = bytearray(ipv4(CLIENT, SERVER, UDP, udp(1, 2, b"data")))
    whole[1], whole[10:12] = service, bytes(2)
    whole[10:12] = checksum(bytes(whole[:20])).to_bytes(2, "big")
    return frame(bytes(whole))


@pytest.mark.parametrize("version", [4, 6])
@pytest.mark.parametrize("ecn", [1, 2, 3])
@pytest.mark.parametrize("dscp", [0, 46, 63])
def test_marks_capable_packets(version: int, ecn: int, dscp: int) -> None:
    """ECT(0), ECT(1) and CE become CE; class, flow label and payload stay, and the header checksum verifies."""
    buffer = with_service(dscp << 2 | ecn, version)
    mark = marked(buffer)
    assert mark == with_service(dscp << 2 | 3, version)
    if version == 4:
        assert checksum(mark[IP : IP + 20]) == 0


@pytest.mark.parametrize("version", [4, 6])
def test_leaves_others(version: int) -> None:
    """Packets without ECN, non-IP and truncated packets cannot be marked."""
    assert marked(with_service(46 << 2, version)) is None
    assert marked(with_service(2, version)[: IP + 10]) is None
    assert marked(bytes(VNET + 12) + b"\x08\x06" + bytes(40)) is None
