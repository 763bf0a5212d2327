"""Checksum: the fast sum against a plain one, completion as a device does it, and incremental update."""

from __future__ import annotations

from struct import pack, unpack

from hypothesis import given
from hypothesis import strategies as st

from syntheticnet.packets import checksum
from syntheticnet.packets.packet import IP, VNET

from .. import builders
from ..builders import CLIENT, SERVER, UDP, frame, ipv4, udp, vnet


@given(st.binary(max_size=200))
def test_agrees_with_the_plain_way(octets: bytes) -> None:
    """RFC 1071 word by word, for any octets, also an odd number of them and nothing but zeros."""
    assert checksum.checksum(octets) == builders.checksum(octets)


@given(st.binary(min_size=20, max_size=20), st.integers(0, 9), st.integers(0, 0xFFFF))
def test_mending_is_reckoning_anew(octets: bytes, at: int, new: int) -> None:
    """RFC 1624: from the old checksum and the word that changed, as a receiver would verify it."""
    words = list(unpack("!10H", octets))
    words[0] |= 1  # a header is never all zeros
    before = checksum.checksum(pack("!10H", *words))
    old, words[at] = words[at], new
    check = checksum.mended(before, old, new)
    assert checksum.internet_sum(pack("!10H", *words) + pack("!H", check)) in (0xFFFF, 0)


def test_completes_what_the_kernel_left() -> None:
    """The field holds the sum of the pseudo-header; afterwards the datagram verifies and nothing is left to offload."""
    pseudo = ipv4(CLIENT, SERVER, UDP, b"")[12:20] + pack("!HH", UDP, 13)
    datagram = udp(1000, 2000, b"hello")
    partial = datagram[:6] + pack("!H", checksum.internet_sum(pseudo)) + datagram[8:]
    buffer = frame(ipv4(CLIENT, SERVER, UDP, partial), vnet(flags=1, start=34, offset=6))
    done = checksum.completed(buffer)
    assert done[:VNET] == bytes(VNET)
    assert checksum.internet_sum(pseudo + done[IP + 20 :]) == 0xFFFF
    assert done[: IP + 26] + done[IP + 28 :] == bytes(VNET) + buffer[VNET : IP + 26] + buffer[IP + 28 :]


def test_leaves_a_whole_checksum_alone() -> None:
    """Without NEEDS_CSUM, or with a position outside the frame, only the vnet header is zeroed."""
    buffer = builders.udp_frame(CLIENT, SERVER, 1, 2)
    assert checksum.completed(vnet(flags=2) + buffer[VNET:]) == bytes(VNET) + buffer[VNET:]
    assert checksum.completed(vnet(flags=1, start=5000, offset=6) + buffer[VNET:]) == bytes(VNET) + buffer[VNET:]


def test_a_sum_of_zero_is_written_as_ones() -> None:
    """A UDP checksum of 0 would mean "none" (RFC 768)."""
    assert checksum.completed(vnet(flags=1, start=0, offset=4) + b"\xff\xff\0\0\0\0")[-2:] == b"\xff\xff"
