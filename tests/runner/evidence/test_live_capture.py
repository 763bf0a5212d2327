"""A live capture: complete blocks, and their counts."""

from __future__ import annotations

import random

from synthlab.engine.guest import capture
from synthlab.runner.evidence.live_capture import Blocks

from . import pcapng

HEAD = capture.section("client1") + b"".join(capture.interface("", side, 192) for side in "abc")


def test_what_is_written_is_whole_wherever_the_stream_is_cut() -> None:
    """However the stream is cut, the file is readable after each piece, and complete at the end."""
    chosen = random.Random(1)
    sent = [capture.packet(n % 2, n, bytes(chosen.randrange(60)), 60, outbound=True) for n in range(100)]
    stream = HEAD + b"".join(sent) + capture.statistics(0, 100, 50, 7) + capture.statistics(1, 100, 50, 2)
    blocks, written, at = Blocks(), b"", 0
    while at < len(stream):
        size = chosen.randrange(1, 300)
        written += blocks.whole(stream[at : at + size])
        at += size
        assert sum(blocks.packets.values()) == len(pcapng.read(written).packets)
    assert written == stream
    assert (blocks.packets, blocks.dropped) == ({0: 50, 1: 50}, 9)


def test_marks_are_no_packets_of_either_side() -> None:
    """Marks are counted separately."""
    blocks = Blocks()
    blocks.whole(HEAD + capture.mark(1, "rate 100kbit", 192))
    assert (blocks.packets[capture.APPLICATION], blocks.packets[capture.NETWORK]) == (0, 0)
