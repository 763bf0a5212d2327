"""Flipped bits on real packets: the receiver's checksums catch them, and TCP retransmits."""

from __future__ import annotations

from random import Random

import pytest

from .chance import is_binomial
from .lanes import Lane, Run, closing, sent_over, undisturbed
from .traffic import connected, transferred
from .world import BOTH, Family, Side, World, other

pytestmark = pytest.mark.veth

COUNT, SHARE = 4000, 0.1
SIZE, HEADERS = 64, 20 + 8
# UDP bits whose flip the checksum catches: all except length bits that make it exceed the packet.
FOUND = 8 * (8 + SIZE) - f"{8 + SIZE:016b}".count("0")
FOUND_SHARE = FOUND / (8 * (HEADERS + SIZE))


def test_checksums_find_wrong_bits(world: World) -> None:
    """A tenth of the datagrams each way has a flipped bit; the expected share fails UDP's checksum, the rest that of
    the IP header, and none is accepted."""
    lanes = [Lane(world, side, {"corrupt": "10%"}, side) for side in BOTH]

    def run() -> tuple[Run, dict[Side, int]]:
        before = {side: world.checksum_errors(side)["Udp:InCsumErrors"] for side in BOTH}
        measured = sent_over(world, lanes, COUNT, 4000, stamped=False)
        return measured, {side: world.checksum_errors(side)["Udp:InCsumErrors"] - before[side] for side in BOTH}

    with closing(lanes):
        measured, errors = undisturbed(world, run)
    for side in BOTH:
        lost, wrong = len(measured.lost(side)), errors[other(side)]
        assert measured.counts[side]["packets_out"] == COUNT  # the receiver dropped them, not the link
        assert is_binomial(lost, COUNT, SHARE)
        assert is_binomial(wrong, lost, FOUND_SHARE)
        assert measured.numbers[side] == sorted(set(measured.numbers[side]))


@pytest.mark.parametrize("sender", BOTH)
@pytest.mark.parametrize("family", [4, 6])
def test_a_stream_arrives_byte_exact(world: World, sender: Side, family: Family) -> None:
    """TCP retransmits corrupted segments, its receiver counts bad checksums, and no wrong byte gets through."""
    content = Random(3).randbytes(2_000_000)
    world.configure(**{"egress" if sender == "client" else "ingress": {"corrupt": "2%"}})
    before = world.checksum_errors(other(sender))["Tcp:InCsumErrors"]
    with connected(world, sender, family) as (away, toward):
        assert transferred(away, toward, content) == content
    assert world.checksum_errors(other(sender))["Tcp:InCsumErrors"] > before
