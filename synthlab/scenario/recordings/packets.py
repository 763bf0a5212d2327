"""Reads recordings from packets: the rate from their sizes, and in captures of ours the delay between both sides.

https://www.ietf.org/archive/id/draft-ietf-opsawg-pcapng-02.html, https://www.ietf.org/archive/id/draft-ietf-opsawg-pcap-04.html
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterator
from dataclasses import dataclass
from statistics import median
from struct import Struct, error, unpack_from
from typing import BinaryIO, NamedTuple

from .recording import BIN_S, MOST_S, LinkRecording, StepSeries, rate_of

PCAPNG = b"\x0a\x0d\x0d\x0a"
_PCAPS = {
    b"\xd4\xc3\xb2\xa1": ("<", 10**6),
    b"\xa1\xb2\xc3\xd4": (">", 10**6),
    b"\x4d\x3c\xb2\xa1": ("<", 10**9),
    b"\xa1\xb2\x3c\x4d": (">", 10**9),
}
MAGICS = {PCAPNG, *_PCAPS}
_ORDERS = {b"\x4d\x3c\x2b\x1a": "<", b"\x1a\x2b\x3c\x4d": ">"}
_ETHERNET, _ETHERNET_BYTES = 1, 14
_SIDES = {"application side": 0, "network side": 1}
_INBOUND, _OUTBOUND = 1, 2
_DIRECTION = {"ingress": _INBOUND, "egress": _OUTBOUND}
_KEY_BYTES = 96
_MOST_BLOCK = 1 << 24


class CapturedPacket(NamedTuple):
    """A packet: when (s), its IP length, captured bytes from the Ethernet header on, its side, and its direction."""

    at_s: float
    size: int
    data: bytes
    side: int | None
    way: int


@dataclass(frozen=True, slots=True)
class _Interface:
    side: int | None
    is_marks: bool
    per_second: int


def read_packets(file: BinaryIO, direction: str | None) -> LinkRecording:
    """The rate at which packets left the link, and their delay in it; raises ValueError.

    A capture with both sides needs `direction`. Any other has no delay, and all its packets count for the rate.
    """
    magic = file.read(4)
    file.seek(0)
    seen = list(_pcapng(file) if magic == PCAPNG else _pcap(file, magic))
    if not seen:
        raise ValueError("has no packets")
    if any(one.side is None for one in seen):
        if direction:
            raise ValueError(
                "does not say which packets are ingress and egress, as `synthlab capture` does: "
                "leave --direction out, and filter it before"
            )
        return LinkRecording(form="packets", rate=_rate(sorted(one[:2] for one in seen)))
    if direction is None:
        raise ValueError("has packets of both directions; choose one with --direction ingress or egress")
    return _of_both_sides([one for one in seen if one.way == _DIRECTION[direction]], direction)


def _of_both_sides(seen: list[CapturedPacket], direction: str) -> LinkRecording:
    enters, leaves = (0, 1) if direction == "egress" else (1, 0)
    left = sorted(one[:2] for one in seen if one.side == leaves)
    if not left:
        raise ValueError(f"has no {direction} packet that left the client's link")
    delays = _delays(sorted(seen, key=lambda one: one.at_s), enters)
    delay = _per_bin(delays) if delays else None
    return LinkRecording(form="capture of both sides", rate=_rate(left), delay=delay)


def _rate(sizes: list[tuple[float, int]]) -> StepSeries:
    start = sizes[0][0]
    times = [at - start for at, _ in sizes]
    if times[-1] > MOST_S:
        raise ValueError(f"lasts {times[-1]:.0f} s; at most {MOST_S:.0f} s are allowed")
    return rate_of(times, (size * 8 for _, size in sizes), max(times[-1], BIN_S))


def _delays(seen: list[CapturedPacket], enters: int) -> list[tuple[float, float]]:
    """When each packet that is on both sides entered, and its delay in ms.

    One that was cut into segments in between, or dropped, is on one side only.
    """
    waiting: dict[bytes, deque[float]] = defaultdict(deque)
    found = []
    for one in seen:
        key = _key(one.data, one.size)
        if one.side == enters:
            waiting[key].append(one.at_s)
        elif waiting[key]:
            entered = waiting[key].popleft()
            found.append((entered, (one.at_s - entered) * 1000))
    return sorted(found)


def _per_bin(delays: list[tuple[float, float]]) -> StepSeries:
    """The median delay per `BIN_S`; a bin without packets keeps the one before."""
    bins: dict[int, list[float]] = defaultdict(list)
    start = delays[0][0]
    for at, delay in delays:
        bins[int((at - start) / BIN_S)].append(delay)
    numbers = sorted(bins)
    times = [number * BIN_S for number in numbers]
    return StepSeries(times, [median(bins[number]) for number in numbers], times[-1] + BIN_S)


def _key(data: bytes, size: int) -> bytes:
    """What of a packet is the same on both sides: all but its checksums, which a network card may fill in."""
    ip = bytearray(data[_ETHERNET_BYTES : _ETHERNET_BYTES + _KEY_BYTES])
    if len(ip) < 20:
        return bytes(ip)
    start, protocol = ((ip[0] & 15) * 4, ip[9]) if ip[0] >> 4 == 4 else (40, ip[6])
    if ip[0] >> 4 == 4:
        ip[10:12] = b"\0\0"
    at = start + {6: 16, 17: 6}.get(protocol, len(ip))
    ip[at : at + 2] = b"\0\0" if at + 2 <= len(ip) else b""
    return size.to_bytes(4, "big") + ip


def _pcap(file: BinaryIO, magic: bytes) -> Iterator[CapturedPacket]:
    order, per_second = _PCAPS[magic]
    link = Struct(f"{order}I").unpack(_exactly(file, 24, 0)[20:])[0] & 0xFFFF
    _refuse_link(link)
    head = Struct(f"{order}IIII")
    while start := file.read(head.size):
        at = file.tell() - len(start)
        if len(start) < head.size:
            raise ValueError(f"byte {at + 1}: is cut off in the middle of a packet")
        seconds, part, kept, length = head.unpack(start)
        if kept > _MOST_BLOCK:
            raise ValueError(f"byte {at + 1}: a packet of {kept} bytes; at most {_MOST_BLOCK} are allowed")
        data = _exactly(file, kept, at)
        yield CapturedPacket(seconds + part / per_second, max(0, length - _ETHERNET_BYTES), data, None, 0)


def _pcapng(file: BinaryIO) -> Iterator[CapturedPacket]:
    order, interfaces = "<", list[_Interface]()
    while head := file.read(8):
        at = file.tell() - len(head)
        if head[:4] == PCAPNG:
            mark = file.read(4)
            if mark not in _ORDERS:
                raise ValueError(f"byte {at + 9}: is not the byte order of a pcapng section")
            order, interfaces = _ORDERS[mark], []
            file.seek(-4, 1)
        try:
            kind, length = Struct(f"{order}II").unpack(head)
        except error:
            raise ValueError(f"byte {at + 1}: is cut off in the middle of a block") from None
        if not 12 <= length <= _MOST_BLOCK or length % 4:
            raise ValueError(f"byte {at + 1}: a block of {length} bytes; 12 to {_MOST_BLOCK}, in fours, are allowed")
        body = _exactly(file, length - 8, at)[:-4]
        try:
            if kind == 1:
                interfaces.append(_interface(body, order))
            elif kind == 6:
                number = unpack_from(f"{order}I", body)[0]
                if not interfaces[number].is_marks:
                    yield _packet(body, order, interfaces[number])
        except (error, IndexError):
            raise ValueError(f"byte {at + 1}: a block that is too short, or of an unknown interface") from None


def _interface(body: bytes, order: str) -> _Interface:
    link = unpack_from(f"{order}H", body)[0]
    options = dict(_options(body[8:], order))
    _refuse_link(link)
    resolution = options.get(9, b"\x06")[0]
    per_second = 2 ** (resolution & 127) if resolution & 128 else 10 ** min(resolution, 18)
    name, says = (options.get(code, b"").decode("utf-8", "replace") for code in (2, 3))
    return _Interface(_SIDES.get(says), name == "marks", per_second)


def _packet(body: bytes, order: str, interface: _Interface) -> CapturedPacket:
    _, high, low, kept, length = unpack_from(f"{order}IIIII", body)
    data = body[20 : 20 + kept]
    flags = dict(_options(body[20 + (kept + 3) // 4 * 4 :], order)).get(2, bytes(4))
    way = unpack_from(f"{order}I", flags)[0] & 3
    side = interface.side if way else None
    return CapturedPacket((high << 32 | low) / interface.per_second, max(0, length - _ETHERNET_BYTES), data, side, way)


def _options(data: bytes, order: str) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at + 4 <= len(data):
        code, length = unpack_from(f"{order}HH", data, at)
        if code == 0:
            return
        yield code, data[at + 4 : at + 4 + length]
        at += 4 + (length + 3) // 4 * 4


def _refuse_link(link: int) -> None:
    if link != _ETHERNET:
        raise ValueError(f"has packets of link type {link}; only Ethernet (1) is allowed")


def _exactly(file: BinaryIO, count: int, at: int) -> bytes:
    data = file.read(count)
    if len(data) < count:
        raise ValueError(f"byte {at + 1}: is cut off in the middle of a packet")
    return data
