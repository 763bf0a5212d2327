"""The capture program: the file it writes, and the packets it keeps."""

from __future__ import annotations

import struct
import subprocess
import sys
from pathlib import Path

import pytest

from synthlab.engine.guest import capture
from tests.runner.evidence import pcapng

NOW = 1_795_248_095_527_717_025
SECOND = 1_000_000_000


def test_the_blocks_are_those_of_the_specification() -> None:
    """Byte for byte as specified, for a packet with padding."""
    high, low = NOW >> 32, NOW & 0xFFFFFFFF
    assert capture.packet(1, NOW, b"abcde", 700, outbound=True) == (
        struct.pack("<IIIIIII", 6, 52, 1, high, low, 5, 700)
        + b"abcde\0\0\0"
        + struct.pack("<HHIHH", 2, 4, 2, 0, 0)
        + struct.pack("<I", 52)
    )
    assert capture.interface("eth0", "network side", 192) == (
        struct.pack("<IIHHI", 1, 56, 1, 0, 192)
        + b"\x02\0\x04\0eth0"
        + b"\x03\0\x0c\0network side"
        + b"\x09\0\x01\0\x09\0\0\0"
        + struct.pack("<HHI", 0, 0, 56)
    )
    assert capture.statistics(0, NOW, 10, 3) == (
        struct.pack("<IIIII", 5, 52, 0, high, low)
        + struct.pack("<HHQ", 4, 8, 10)
        + struct.pack("<HHQ", 5, 8, 3)
        + struct.pack("<HHI", 0, 0, 52)
    )


@pytest.mark.parametrize("size", range(9))
def test_a_file_is_read_back(size: int) -> None:
    """Sides, times, directions, lengths, comments and counts are read back as written, whatever the padding."""
    data = bytes(range(size))
    file = b"".join(
        (
            capture.section("client1: " + "x" * size),
            *(capture.interface(f"if{number}", side, 192) for number, side in enumerate(("in", "out", "marks"))),
            capture.packet(0, NOW, data, 1500, outbound=False),
            capture.packet(1, NOW + 50_000_000, data, 1500, outbound=True),
            capture.mark(NOW + 1, "rate " + "1" * size, 192),
            capture.statistics(1, NOW, 5, size),
        )
    )
    read = pcapng.read(file)
    assert read.comment == "client1: " + "x" * size
    assert read.names == {"in": "if0", "out": "if1", "marks": "if2"}
    one, two, mark = read.packets
    assert one == pcapng.Packet("in", NOW, data, 1500, "inbound", "")
    assert two == pcapng.Packet("out", NOW + 50_000_000, data, 1500, "outbound", "")
    assert (mark.side, mark.at_ns, mark.comment) == ("marks", NOW + 1, "rate " + "1" * size)
    assert mark.data[14:].decode() == mark.comment
    assert (read.received, read.dropped) == ({"out": 5}, {"out": size})


def test_a_long_mark_is_cut_like_a_packet_but_not_its_comment() -> None:
    """Readers reject frames longer than the interface's snaplen, so a long mark is cut; its comment is not."""
    head = b"".join((capture.section(""), *(capture.interface("", side, 64) for side in "abc")))
    (mark,) = pcapng.read(head + capture.mark(NOW, "é" * 500, 64)).packets
    assert (len(mark.data), mark.length, mark.comment) == (64, 14 + 1000, "é" * 500)


def packets(count: int, apart_ns: int, size: int = 100) -> list[bytes]:
    return [capture.packet(0, NOW + n * apart_ns, bytes(size), size, outbound=True) for n in range(count)]


def stamps(ring: capture.Ring, now: int) -> list[int]:
    return [capture.stamp_of(one) - NOW for one in ring.content(now)]


def test_the_ring_forgets_what_is_old() -> None:
    """Of packets one second apart, those of the last three seconds are kept, even if no more arrive."""
    ring = capture.Ring(3, 1 << 20)
    ring.add(packets(10, SECOND))
    assert stamps(ring, NOW + 9 * SECOND) == [n * SECOND for n in (6, 7, 8, 9)]
    assert stamps(ring, NOW + 11 * SECOND) == [n * SECOND for n in (8, 9)]
    assert stamps(ring, NOW + 60 * SECOND) == []
    assert ring.held == 0


def test_the_ring_is_bounded_by_its_bytes() -> None:
    """However fast packets arrive, memory stays within the limit, and the newest are kept."""
    ring = capture.Ring(30, 10_000)
    most = []
    for one in packets(1000, 1000):
        ring.add([one])
        most.append(ring.held)
    assert max(most) <= 10_000
    size = 100 + 44 + capture.OVERHEAD
    kept = 10_000 // size
    assert stamps(ring, NOW + SECOND) == [n * 1000 for n in range(1000 - kept, 1000)]


def test_the_ring_keeps_the_last_marks() -> None:
    """Marks outlive the packets around them, sorted by time, up to a limit."""
    ring = capture.Ring(1, 1 << 20)
    for n in range(capture.MOST_MARKS + 5):
        ring.add_mark(capture.mark(NOW + n, "", 64))
    ring.add(packets(1, 0))
    content = stamps(ring, NOW + 10)
    assert content == sorted(content)
    assert content.count(0) == 1
    assert len(content) == capture.MOST_MARKS + 1
    assert max(content) == capture.MOST_MARKS + 4


def test_it_says_why_nothing_can_be_captured() -> None:
    """Without a forwarder, or without the rights, it exits with one line."""
    program = str(Path(capture.__file__))
    command = [sys.executable, "-I", program, "ring", "client1", "192", "30", "1000", "0"]
    done = subprocess.run(command, input="", capture_output=True, text=True, check=False, timeout=30)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("cannot capture: ")
    assert len(done.stderr.splitlines()) == 1
