"""Captures a client's packets on both sides of the forwarder, as pcapng.

`capture.py ring|stream CLIENT SNAPLEN SECONDS BYTES NETWORK`; the last is the number of one of the container's
networks. `ring` keeps the last packets in memory and answers each input line `dump` with their file, after its length
in eight bytes. `stream` writes packets as they arrive. An input line `mark TEXT` becomes a packet on a third interface.
At end of input it exits; a stream then ends with its statistics.

The capture rolls inside the container, and packets leave it only on `dump`: a file per client streamed through `docker
exec` all the time would load the machine whose timing is under test, and nearly every run passes and needs none of it.

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
RUN = Path("/run/synthlab")
"""PID 1 writes there which interface each of the application's stands for: `synth0` says `eth0`."""

# A user id used by nobody else.
USER = 65312
# Wait this long after the first packet and read a batch: waking up costs more than reading a packet.
LINGER_S = 0.02
RECEIVE_BUFFER = 8 << 20
MOST_MARKS = 200
# Python's memory overhead per packet, in bytes.
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
# Marks use the EtherType "local experimental" (IEEE 802, 9.2.3), with empty addresses.
_MARK_HEADER = bytes(12) + b"\x88\xb5"
_INBOUND, _OUTBOUND = 1, 2
_COMMENT = 1
# Block type and length, interface, time (high, low), captured and original length.
_PACKET_HEAD = Struct("=IIIIIII")
_PADDING = (b"", bytes(3), bytes(2), bytes(1))
# The option epb_flags, end of options, and the block length again.
_FLAGS_TAIL = Struct("=HHIHHI")


def section(comment: str) -> bytes:
    """The Section Header Block, first in a file; all numbers are in this machine's byte order."""
    options = _option(_COMMENT, comment.encode()) + _option(4, b"synthlab")
    return _block(0x0A0D0D0A, pack("=IHHq", 0x1A2B3C4D, 1, 0, -1) + options)


def interface(name: str, description: str, snaplen: int) -> bytes:
    """An Interface Description Block for Ethernet, numbered by position; its packets' times are in ns."""
    options = _option(2, name.encode()) + _option(3, description.encode()) + _option(9, bytes([9]))
    return _block(1, pack("=HHI", _ETHERNET, 0, snaplen) + options)


def packet(number: int, stamp: int, data: bytes, length: int, outbound: bool) -> bytes:
    """An Enhanced Packet Block: `data` is what was captured of `length` bytes; `stamp` is in ns since 1970."""
    padding = _PADDING[len(data) % 4]
    size = _PACKET_HEAD.size + len(data) + len(padding) + _FLAGS_TAIL.size
    head = _PACKET_HEAD.pack(6, size, number, stamp >> 32, stamp & 0xFFFFFFFF, len(data), length)
    flags = _OUTBOUND if outbound else _INBOUND
    return b"".join((head, data, padding, _FLAGS_TAIL.pack(2, 4, flags, 0, 0, size)))


def mark(stamp: int, text: str, snaplen: int) -> bytes:
    """A packet on the interface of marks, with the text as payload and as comment."""
    frame = _MARK_HEADER + text.encode()
    data = frame[:snaplen]
    body = pack("=IIIII", MARKS, stamp >> 32, stamp & 0xFFFFFFFF, len(data), len(frame)) + _padded(data)
    return _block(6, body + _option(_COMMENT, text.encode()))


def statistics(number: int, stamp: int, received: int, dropped: int) -> bytes:
    """An Interface Statistics Block: packets received, and how many of them the kernel dropped as we were too slow."""
    times = pack("=III", number, stamp >> 32, stamp & 0xFFFFFFFF)
    return _block(5, times + _option(4, pack("=Q", received)) + _option(5, pack("=Q", dropped)))


def stamp_of(block: bytes) -> int:
    """The time of an Enhanced Packet Block, in ns since 1970."""
    high, low = _PACKET_HEAD.unpack_from(block)[3:5]
    return int(high << 32 | low)


def _block(kind: int, body: bytes) -> bytes:
    """A block of this type: the body, end of options, and the length before and after."""
    size = pack("=I", len(body) + 16)
    return pack("=I", kind) + size + body + bytes(4) + size


def _option(code: int, value: bytes) -> bytes:
    return pack("=HH", code, len(value)) + _padded(value)


def _padded(data: bytes) -> bytes:
    return data + _PADDING[len(data) % 4]


class Ring:
    """The packets of the last `seconds`, in at most `most_bytes` of memory, and the last marks."""

    def __init__(self, seconds: float, most_bytes: int) -> None:
        self._packets: deque[bytes] = deque()
        self._marks: deque[bytes] = deque(maxlen=MOST_MARKS)
        self._span_ns = int(seconds * 1e9)
        self._most = most_bytes
        self.held = 0

    def add(self, packets: Iterable[bytes]) -> None:
        """Add packets, sorted by time."""
        for one in packets:
            self._packets.append(one)
            self.held += len(one) + OVERHEAD
        if self._packets:
            self._forget(stamp_of(self._packets[-1]) - self._span_ns)

    def add_mark(self, one: bytes) -> None:
        self._marks.append(one)

    def content(self, now: int) -> list[bytes]:
        """All packets and marks held at `now` (ns since 1970), sorted by time."""
        self._forget(now - self._span_ns)
        return sorted([*self._packets, *self._marks], key=stamp_of)

    def _forget(self, before: int) -> None:
        while self._packets and (self.held > self._most or stamp_of(self._packets[0]) < before):
            self.held -= len(self._packets.popleft()) + OVERHEAD


class Tap:
    """Captures all packets of one interface, both ways, from its creation on; needs NET_RAW."""

    def __init__(self, number: int, name: str, snaplen: int) -> None:
        self._number = number
        # Protocol 0 receives nothing before `bind` (packet(7)): any other would first receive from all interfaces.
        self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
        self._socket.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
        # FORCE, because the machine's net.core.rmem_max caps the ordinary option.
        self._socket.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, RECEIVE_BUFFER)
        self._memory = bytearray(snaplen)
        self._received = self._dropped = 0
        self._socket.bind((name, _ETH_P_ALL))

    def fileno(self) -> int:
        return self._socket.fileno()

    def read(self) -> Iterator[bytes]:
        """The packets received since the last call, as blocks; never blocks."""
        memory, snaplen, receive = [self._memory], len(self._memory), self._socket.recvmsg_into
        try:
            while True:
                # MSG_TRUNC makes `length` the packet's own, even where only `snaplen` bytes of it are copied.
                length, ancillary, _, address = receive(memory, 64, _MSG_DONTWAIT | _MSG_TRUNC)
                seconds, nanoseconds = _TIMESPEC.unpack(ancillary[0][2])
                data = bytes(self._memory[: min(length, snaplen)])
                stamp = seconds * 1_000_000_000 + nanoseconds
                yield packet(self._number, stamp, data, length, address[2] == _PACKET_OUTGOING)
        except BlockingIOError:
            return

    def statistics(self, now: int) -> bytes:
        counts = self._socket.getsockopt(_SOL_PACKET, _PACKET_STATISTICS, 8)  # reading them resets them
        received, dropped = Struct("=II").unpack(counts)
        self._received += received
        self._dropped += dropped
        return statistics(self._number, now, self._received, self._dropped)


def outer_interface(inner: str) -> str:
    """The container's own interface that an application's interface stands for."""
    try:
        return (RUN / inner).read_text()
    except OSError:
        raise OSError("no forwarder is running here") from None


def drop_rights() -> None:
    """Become an unprivileged user that cannot regain capabilities by exec, and that no other user can trace.

    Must come after the taps: opening them takes NET_RAW, reading them does not.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    # The bounding set comes first: shrinking it takes a capability that goes with the user id.
    for number in range(_CAPABILITIES):
        libc.prctl(_PR_CAPBSET_DROP, number, 0, 0, 0)
    os.setgroups([])
    os.setresgid(USER, USER, USER)
    os.setresuid(USER, USER, USER)
    libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    # Last, because a change of user id resets it to the machine's fs.suid_dumpable (prctl(2)).
    libc.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)


class Recorder:
    """Keeps or writes the packets from the taps and obeys commands on stdin, until end of input."""

    def __init__(self, taps: list[Tap], snaplen: int, head: bytes, ring: Ring | None) -> None:
        self._taps = taps
        self._snaplen = snaplen
        self._head = head
        self._ring = ring
        self._partial = b""

    def run(self) -> None:
        """Run until end of input; sleeps while there are neither packets nor commands."""
        poll = select.poll()
        for number in (0, *(tap.fileno() for tap in self._taps)):
            poll.register(number, select.POLLIN)
        if self._ring is None:
            _write(self._head)
        more = True
        while more:
            ready = [number for number, _ in poll.poll()]
            if 0 in ready or select.select([0], [], [], LINGER_S)[0]:
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
        """Read and carry out commands; False at end of input."""
        data = os.read(0, 1 << 16)
        *lines, self._partial = (self._partial + data).split(b"\n")
        for line in lines:
            word, _, text = line.decode(errors="replace").partition(" ")
            if word == "mark":
                self._mark(mark(time.time_ns(), text, self._snaplen))
            elif word == "dump":
                self._dump()
        return bool(data)

    def _mark(self, one: bytes) -> None:
        if self._ring is not None:
            self._ring.add_mark(one)
        else:
            _write(one)

    def _dump(self) -> None:
        assert self._ring
        # What has arrived during this turn of the loop is not in the ring yet.
        self._record()
        blocks = [self._head, *self._ring.content(time.time_ns()), self._statistics()]
        _write(pack("!Q", sum(map(len, blocks))), *blocks)

    def _statistics(self) -> bytes:
        return b"".join(tap.statistics(time.time_ns()) for tap in self._taps)


def _write(*blocks: bytes) -> None:
    sys.stdout.buffer.writelines(blocks)
    sys.stdout.buffer.flush()


def main(mode: str, client: str, snaplen: str, seconds: str, most_bytes: str, network: str) -> None:
    size, inner = int(snaplen), f"synth{network}"
    try:
        outer = outer_interface(inner)
        taps = [Tap(APPLICATION, inner, size), Tap(NETWORK, outer, size)]
    except OSError as error:
        sys.exit(f"cannot capture: {error}")
    drop_rights()
    os.nice(10)  # the forwarder comes first
    ring = Ring(float(seconds), int(most_bytes)) if mode == "ring" else None
    kept = f"the last {seconds} s, at most {int(most_bytes) >> 20} MB" if ring else "all packets from the start"
    interfaces = [(inner, "application side"), (outer, "network side"), ("marks", "actions and their times")]
    head = section(f"{client}: {kept}") + b"".join(interface(*names, size) for names in interfaces)
    try:
        Recorder(taps, size, head, ring).run()
    except BrokenPipeError:
        os._exit(0)  # nobody is reading any more


if __name__ == "__main__":
    main(*sys.argv[1:])
