"""Captures a client's packets on both sides of the forwarder, as pcapng.

`capture.py ring|stream CLIENT SNAPLEN SECONDS BYTES`. As a ring it keeps the last packets, and answers each line `dump`
with what it holds: eight bytes of length, then the file. As a stream it writes them as they come. Lines `mark TEXT`
become packets of their own, on a third interface. It ends with its input, and a stream then with its statistics.

https://www.ietf.org/archive/id/draft-ietf-opsawg-pcapng-02.html
"""

from __future__ import annotations

import ctypes
import os
import select
import socket
import sys
import time
from collections import deque
from collections.abc import Iterable, Iterator
from pathlib import Path
from struct import Struct, pack

APPLICATION, NETWORK, MARKS = range(3)
INNER, OUTER = "synth0", "synth0-out"
"""The application's interface, and the end of it that the forwarder holds."""

# A user that nobody else is.
USER = 65312
# Packets are read so long after the first: many at a time, for waking up costs more than reading one.
LINGER_S = 0.02
RECEIVE_BUFFER = 8 << 20
MOST_MARKS = 200
# What Python adds to a packet that it holds.
OVERHEAD = 48

_SO_RCVBUFFORCE, _SO_TIMESTAMPNS = 33, 35
_SOL_PACKET, _PACKET_STATISTICS = 263, 6
_ETH_P_ALL = 3
_PACKET_OUTGOING = 4
_TIMESPEC = Struct("qq")
_MSG_DONTWAIT, _MSG_TRUNC = int(socket.MSG_DONTWAIT), int(socket.MSG_TRUNC)  # enums are slow in a loop
_PR_SET_DUMPABLE, _PR_CAPBSET_DROP, _PR_SET_NO_NEW_PRIVS = 4, 24, 38
_CAPABILITIES = 64

_ETHERNET = 1
# Of marks: "local experimental", with no sender and no receiver (IEEE 802, 9.2.3).
_MARK_HEADER = bytes(12) + b"\x88\xb5"
_INBOUND, _OUTBOUND = 1, 2
_COMMENT = 1
# Type and length of the block, interface, time (high, low), captured and original length.
_PACKET_HEAD = Struct("=IIIIIII")
_PADDING = (b"", bytes(3), bytes(2), bytes(1))
# The option epb_flags, the end of options, and the length of the block once more.
_FLAGS_TAIL = Struct("=HHIHHI")


def section(comment: str) -> bytes:
    """The block that begins a file; all numbers are in this machine's byte order."""
    options = _option(_COMMENT, comment.encode()) + _option(4, b"synthlab")
    return _block(0x0A0D0D0A, pack("=IHHq", 0x1A2B3C4D, 1, 0, -1) + options)


def interface(name: str, description: str, snaplen: int) -> bytes:
    """An Ethernet interface; they are numbered as they come. Times of its packets are in ns."""
    options = _option(2, name.encode()) + _option(3, description.encode()) + _option(9, bytes([9]))
    return _block(1, pack("=HHI", _ETHERNET, 0, snaplen) + options)


def packet(number: int, stamp: int, data: bytes, length: int, outbound: bool) -> bytes:
    """A packet of `length` bytes, of which `data` were captured, on an interface at a time (ns of the epoch)."""
    padding = _PADDING[len(data) % 4]
    whole = _PACKET_HEAD.size + len(data) + len(padding) + _FLAGS_TAIL.size
    head = _PACKET_HEAD.pack(6, whole, number, stamp >> 32, stamp & 0xFFFFFFFF, len(data), length)
    flags = _OUTBOUND if outbound else _INBOUND
    return b"".join((head, data, padding, _FLAGS_TAIL.pack(2, 4, flags, 0, 0, whole)))


def mark(stamp: int, text: str, snaplen: int) -> bytes:
    """A moment: a packet on the interface of marks, with the text as its content and as its comment."""
    whole = _MARK_HEADER + text.encode()
    data = whole[:snaplen]
    body = pack("=IIIII", MARKS, stamp >> 32, stamp & 0xFFFFFFFF, len(data), len(whole)) + _padded(data)
    return _block(6, body + _option(_COMMENT, text.encode()))


def statistics(number: int, stamp: int, received: int, dropped: int) -> bytes:
    """How many packets an interface has received, and how many of them were dropped because we were too slow."""
    times = pack("=III", number, stamp >> 32, stamp & 0xFFFFFFFF)
    return _block(5, times + _option(4, pack("=Q", received)) + _option(5, pack("=Q", dropped)))


def stamp_of(block: bytes) -> int:
    """The time of a packet."""
    high, low = _PACKET_HEAD.unpack_from(block)[3:5]
    return int(high << 32 | low)


def _block(kind: int, body: bytes) -> bytes:
    """A body, with end of options, in its frame."""
    whole = pack("=I", len(body) + 16)
    return pack("=I", kind) + whole + body + bytes(4) + whole


def _option(code: int, value: bytes) -> bytes:
    return pack("=HH", code, len(value)) + _padded(value)


def _padded(data: bytes) -> bytes:
    return data + _PADDING[len(data) % 4]


class Ring:
    """The packets of the last `seconds`, at most so many bytes of memory of them; and the last marks."""

    def __init__(self, seconds: float, most_bytes: int) -> None:
        self._packets: deque[bytes] = deque()
        self._marks: deque[bytes] = deque(maxlen=MOST_MARKS)
        self._span_ns = int(seconds * 1e9)
        self._most = most_bytes
        self.held = 0

    def add(self, packets: Iterable[bytes]) -> None:
        """Packets in the order of their times."""
        for one in packets:
            self._packets.append(one)
            self.held += len(one) + OVERHEAD
        if self._packets:
            self._forget(stamp_of(self._packets[-1]) - self._span_ns)

    def add_mark(self, one: bytes) -> None:
        self._marks.append(one)

    def content(self, now: int) -> list[bytes]:
        """All packets and marks that are in it at this time, in the order of their times."""
        self._forget(now - self._span_ns)
        return sorted([*self._packets, *self._marks], key=stamp_of)

    def _forget(self, before: int) -> None:
        while self._packets and (self.held > self._most or stamp_of(self._packets[0]) < before):
            self.held -= len(self._packets.popleft()) + OVERHEAD


class Tap:
    """Sees all packets of one interface, both ways, from the moment that it is made; needs NET_RAW."""

    def __init__(self, number: int, name: str, snaplen: int) -> None:
        self._number = number
        self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
        self._socket.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
        self._socket.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, RECEIVE_BUFFER)
        self._memory = bytearray(snaplen)
        self._received = self._dropped = 0
        self._socket.bind((name, _ETH_P_ALL))

    def fileno(self) -> int:
        return self._socket.fileno()

    def read(self) -> Iterator[bytes]:
        """What has come since, as packets; never waits."""
        memory, snaplen, receive = [self._memory], len(self._memory), self._socket.recvmsg_into
        try:
            while True:
                length, ancillary, _, address = receive(memory, 64, _MSG_DONTWAIT | _MSG_TRUNC)
                seconds, nanoseconds = _TIMESPEC.unpack(ancillary[0][2])
                data = bytes(self._memory[: min(length, snaplen)])
                stamp = seconds * 1_000_000_000 + nanoseconds
                yield packet(self._number, stamp, data, length, address[2] == _PACKET_OUTGOING)
        except BlockingIOError:
            return

    def statistics(self, now: int) -> bytes:
        counts = self._socket.getsockopt(_SOL_PACKET, _PACKET_STATISTICS, 8)  # since it was asked last
        received, dropped = Struct("=II").unpack(counts)
        self._received += received
        self._dropped += dropped
        return statistics(self._number, now, self._received, self._dropped)


def outer_interface() -> str:
    """The container's own interface: the other one that the forwarder's packet sockets are bound to."""
    rows = Path("/proc/net/packet").read_text().splitlines()[1:]
    names = {socket.if_indextoname(int(row.split()[4])) for row in rows if row.split()[4] != "0"}
    found = sorted(names - {INNER, OUTER})
    if not found:
        raise OSError("no forwarder is at work here")
    return found[0]


def drop_rights() -> None:
    """Become a user without any capability, who gets none by starting a program, and whom no other may look into."""
    libc = ctypes.CDLL(None, use_errno=True)
    for number in range(_CAPABILITIES):
        libc.prctl(_PR_CAPBSET_DROP, number, 0, 0, 0)
    os.setgroups([])
    os.setresgid(USER, USER, USER)
    os.setresuid(USER, USER, USER)
    libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    libc.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)


class Recorder:
    """Keeps or writes what the taps see, and does what the input says, until that ends."""

    def __init__(self, taps: list[Tap], snaplen: int, head: bytes, ring: Ring | None) -> None:
        self._taps = taps
        self._snaplen = snaplen
        self._head = head
        self._ring = ring
        self._asked = b""

    def run(self) -> None:
        """It sleeps while there are neither packets nor words."""
        waiting = select.poll()
        for number in (0, *(tap.fileno() for tap in self._taps)):
            waiting.register(number, select.POLLIN)
        if self._ring is None:
            _write(self._head)
        more = True
        while more:
            awake = [number for number, _ in waiting.poll()]
            if 0 in awake or select.select([0], [], [], LINGER_S)[0]:
                more = self._obey()
            self._record()
        if self._ring is None:
            _write(self._statistics())

    def _record(self) -> None:
        packets = sorted((one for tap in self._taps for one in tap.read()), key=stamp_of)
        if self._ring is not None:
            self._ring.add(packets)
        elif packets:
            _write(*packets)

    def _obey(self) -> bool:
        """Read what is asked for; False at the end of input."""
        came = os.read(0, 1 << 16)
        *lines, self._asked = (self._asked + came).split(b"\n")
        for line in lines:
            word, _, text = line.decode(errors="replace").partition(" ")
            if word == "mark":
                self._mark(mark(time.time_ns(), text, self._snaplen))
            elif word == "dump":
                self._dump()
        return bool(came)

    def _mark(self, one: bytes) -> None:
        if self._ring is not None:
            self._ring.add_mark(one)
        else:
            _write(one)

    def _dump(self) -> None:
        assert self._ring
        self._record()
        blocks = [self._head, *self._ring.content(time.time_ns()), self._statistics()]
        _write(pack("!Q", sum(map(len, blocks))), *blocks)

    def _statistics(self) -> bytes:
        return b"".join(tap.statistics(time.time_ns()) for tap in self._taps)


def _write(*blocks: bytes) -> None:
    sys.stdout.buffer.writelines(blocks)
    sys.stdout.buffer.flush()


def main(mode: str, client: str, snaplen: str, seconds: str, most_bytes: str) -> None:
    size = int(snaplen)
    try:
        outer = outer_interface()
        taps = [Tap(APPLICATION, INNER, size), Tap(NETWORK, outer, size)]
    except OSError as error:
        sys.exit(f"nothing can be captured: {error}")
    drop_rights()
    os.nice(10)  # the forwarder's work comes first
    ring = Ring(float(seconds), int(most_bytes)) if mode == "ring" else None
    kept = f"the last {seconds} s, at most {int(most_bytes) >> 20} MB" if ring else "all from the start"
    interfaces = [(INNER, "application side"), (outer, "network side"), ("marks", "what was done, and when")]
    head = section(f"{client}: {kept}") + b"".join(interface(*names, size) for names in interfaces)
    try:
        Recorder(taps, size, head, ring).run()
    except BrokenPipeError:
        os._exit(0)  # nobody reads any more


if __name__ == "__main__":
    main(*sys.argv[1:])
