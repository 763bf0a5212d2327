"""Packets: rate and delay from captures of ours, and the rate from anybody's pcap."""

from __future__ import annotations

from pathlib import Path
from struct import pack

import pytest

from synthlab.engine.guest import capture
from synthlab.errors import WrongUse
from synthlab.scenario.recordings import read_recording

pytestmark = pytest.mark.issue(15)

SECOND = 10**9
START = 1_700_000_000 * SECOND
SNAPLEN = 192


def frame(number: int, size: int = 1000, checksum: int = 0, upward: bool = True) -> bytes:
    """A UDP packet of `size` IP bytes, numbered in its payload, behind an Ethernet header."""
    ends = (b"\x0a\x09\0\1", b"\x0a\x09\0\2") if upward else (b"\x0a\x09\0\2", b"\x0a\x09\0\1")
    ip = pack("!BBHHHBBH", 0x45, 0, size, 0, 0x4000, 64, 17, checksum) + b"".join(ends)
    udp = pack("!HHHH", 5000, 6000, size - 20, checksum)
    return bytes(12) + b"\x08\0" + (ip + udp + number.to_bytes(4, "big")).ljust(size, b"\0")


def block(side: int, at_ns: int, data: bytes, outbound: bool) -> bytes:
    return capture.packet(side, START + at_ns, data[:SNAPLEN], len(data), outbound)


def ours(blocks: list[bytes]) -> bytes:
    """A file as `synthlab capture` writes it."""
    sides = [("synth0", "application side"), ("eth0", "network side"), ("marks", "actions and their times")]
    head = capture.section("client1") + b"".join(capture.interface(*names, SNAPLEN) for names in sides)
    return head + b"".join(blocks)


def call(seconds: int = 10) -> list[bytes]:
    """100 packets per second each way: upward 20 ms late and later 60 ms, each tenth dropped; downward 5 ms late."""
    blocks = [capture.mark(START, "latency 60ms", SNAPLEN)]
    for number in range(seconds * 100):
        at = number * SECOND // 100
        delay = (20 if at < 5 * SECOND else 60) * 10**6
        blocks.append(block(0, at, frame(number), outbound=True))
        if number % 10:
            blocks.append(block(1, at + delay, frame(number, checksum=0x1234), outbound=True))
        blocks.append(block(1, at, frame(number, 500, upward=False), outbound=False))
        blocks.append(block(0, at + 5 * 10**6, frame(number, 500, upward=False), outbound=False))
    return blocks


def test_a_capture_of_ours(tmp_path: Path) -> None:
    """Per direction the rate of what left the link, and the delay between the sides; marks are no packets."""
    file = tmp_path / "client1.pcapng"
    file.write_bytes(ours(call()))
    up, down = (read_recording(file, direction) for direction in ("egress", "ingress"))
    assert up.form == "capture of both sides"
    assert up.rate
    assert up.delay
    assert down.rate
    assert down.delay
    assert up.rate.mean() == pytest.approx(0.9 * 100 * 8000, rel=0.01)
    assert down.rate.mean() == pytest.approx(100 * 4000, rel=0.01)
    assert {round(delay, 3) for delay in up.delay.values} == {20.0, 60.0}
    assert up.delay.mean() == pytest.approx(40.0, rel=0.03)
    assert {round(delay, 3) for delay in down.delay.values} == {5.0}


@pytest.mark.parametrize(("order", "magic", "per_second"), [("<", 0xA1B2C3D4, 10**6), (">", 0xA1B23C4D, 10**9)])
def test_a_pcap(tmp_path: Path, order: str, magic: int, per_second: int) -> None:
    """Either byte order, with microseconds or nanoseconds: the rate of all its packets, and no delay."""
    head = pack(f"{order}IHHiIII", magic, 2, 4, 0, 0, SNAPLEN, 1)
    packets = b""
    for number in range(500):
        data = frame(number)
        part = number % 100 * per_second // 100
        packets += pack(f"{order}IIII", 7 + number // 100, part, SNAPLEN, len(data)) + data[:SNAPLEN]
    (tmp_path / "some.pcap").write_bytes(head + packets)
    found = read_recording(tmp_path / "some.pcap")
    assert found.rate
    assert found.delay is None
    assert found.rate.mean() == pytest.approx(100 * 8000, rel=0.01)
    assert found.lasts_s == pytest.approx(4.99)


def test_mistakes(tmp_path: Path) -> None:
    """One line that names the file and the byte, or what is missing."""
    good = ours(call(1))
    cooked = pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, SNAPLEN, 113)
    plain = pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, SNAPLEN, 1)
    one = pack("<IIII", 1, 0, 60, 60) + frame(1)[:60]
    for content, direction, expected in (
        (good, None, "has packets of both directions; choose one with --direction ingress or egress"),
        (good[:-7], "egress", r"byte \d+: is cut off in the middle of a packet"),
        (good + bytes(12), "egress", r"byte \d+: a block of 0 bytes; 12 to 16777216, in fours, are allowed"),
        (good[:8] + b"byte" + good[12:], "egress", "byte 9: is not the byte order of a pcapng section"),
        (
            capture.section("x") + call(1)[1],
            "egress",
            r"byte \d+: a block that is too short, or of an unknown interface",
        ),
        (ours(call(1)[:2]), "egress", "has no egress packet that left the client's link"),
        (ours([]), "egress", "has no packets"),
        (cooked, None, r"has packets of link type 113; only Ethernet \(1\) is allowed"),
        (plain + one, "egress", "does not say which packets are ingress and egress"),
        (plain + one[:30], None, "byte 25: is cut off in the middle of a packet"),
        (plain + pack("<IIII", 1, 0, 1 << 30, 60), None, "byte 25: a packet of 1073741824 bytes; at most"),
    ):
        (tmp_path / "some").write_bytes(content)
        with pytest.raises(WrongUse, match=rf"\A{tmp_path}/some: {expected}[^\n]*\Z"):
            read_recording(tmp_path / "some", direction)
