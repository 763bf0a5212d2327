"""A small reader of pcapng, written from its specification, so that the writer is not tested against itself.

https://www.ietf.org/archive/id/draft-ietf-opsawg-pcapng-02.html
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

SECTION, INTERFACE, PACKET, STATISTICS = 0x0A0D0D0A, 1, 6, 5
COMMENT = 1


@dataclass(frozen=True)
class Packet:
    """A packet on an interface, named by its description; `at_ns` since 1970."""

    side: str
    at_ns: int
    data: bytes
    length: int
    direction: Literal["inbound", "outbound", "unknown"]
    comment: str


@dataclass
class Capture:
    """One file of one section."""

    comment: str = ""
    names: dict[str, str] = field(default_factory=dict)
    """Interfaces by their descriptions."""
    packets: list[Packet] = field(default_factory=list)
    dropped: dict[str, int] = field(default_factory=dict)
    received: dict[str, int] = field(default_factory=dict)

    def of(self, side: str, wanted: bytes = b"") -> list[Packet]:
        """The packets of an interface that contain this somewhere."""
        return [packet for packet in self.packets if packet.side == side and wanted in packet.data]


def read(file: bytes) -> Capture:
    """Parse a complete file; fails if a block violates the specification."""
    capture = Capture()
    sides: list[str] = []
    for kind, body in blocks(file):
        if kind == SECTION:
            assert struct.unpack_from("<IHHq", body) == (0x1A2B3C4D, 1, 0, -1)
            capture.comment = options(body[16:]).get(COMMENT, b"").decode()
        elif kind == INTERFACE:
            assert struct.unpack_from("<H", body) == (1,)  # Ethernet
            result = options(body[8:])
            assert result[9] == b"\x09"  # times in ns
            sides.append(result[3].decode())
            capture.names[sides[-1]] = result[2].decode()
        elif kind == PACKET:
            capture.packets.append(_packet(body, sides))
        elif kind == STATISTICS:
            result = options(body[12:])
            side = sides[struct.unpack_from("<I", body)[0]]
            (capture.received[side],) = struct.unpack("<Q", result[4])
            (capture.dropped[side],) = struct.unpack("<Q", result[5])
    return capture


def blocks(file: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at < len(file):
        kind, whole = struct.unpack_from("<II", file, at)
        assert whole % 4 == 0
        assert struct.unpack_from("<I", file, at + whole - 4) == (whole,)
        yield kind, file[at + 8 : at + whole - 4]
        at += whole
    assert at == len(file)


def options(data: bytes) -> dict[int, bytes]:
    """Options by code; they must end as specified."""
    found: dict[int, bytes] = {}
    at = 0
    while True:
        code, length = struct.unpack_from("<HH", data, at)
        at += 4
        if code == 0:
            assert (length, at) == (0, len(data))
            return found
        found[code] = data[at : at + length]
        at += (length + 3) // 4 * 4


def _packet(body: bytes, sides: list[str]) -> Packet:
    number, high, low, captured, length = struct.unpack_from("<IIIII", body)
    result = options(body[20 + (captured + 3) // 4 * 4 :])
    (flags,) = struct.unpack("<I", result[2]) if 2 in result else (0,)
    directions: tuple[Literal["unknown", "inbound", "outbound"], ...] = ("unknown", "inbound", "outbound")
    at = high << 32 | low
    comment = result.get(COMMENT, b"").decode()
    return Packet(sides[number], at, body[20 : 20 + captured], length, directions[flags & 3], comment)
