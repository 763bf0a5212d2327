"""Packet sockets: read and write batches of frames, including offloaded super-frames, with one system call each.

Calls recvmmsg and sendmmsg through ctypes on preallocated memory, because per-packet calls are slow in Python. A single
frame, which is all there is on a path with little traffic, is sent by the socket itself: that runs less code.
"""

from __future__ import annotations

import ctypes
import errno
import mmap
import os
import socket
from collections.abc import Sequence
from contextlib import suppress
from struct import unpack

BATCH = 64
# Fewer super-frames per batch: what is read should still be in the CPU cache when it is sent.
FEW, LARGE = 16, 16384

_SOL_PACKET = 263
_PACKET_STATISTICS = 6
_PACKET_VNET_HDR = 15
_PACKET_IGNORE_OUTGOING = 23
_SO_TIMESTAMPNS = 35
_SO_RCVBUFFORCE = 33
_ETH_P_ALL = 3
_MSG_DONTWAIT = int(socket.MSG_DONTWAIT)  # a plain int: enums are slow in a loop

# struct mmsghdr on 64-bit Linux, in 64-bit words: name, namelen, iov, iovlen, control, controllen, flags; then msg_len.
_MMSG_WORDS = 8
_MMSG_BYTES = _MMSG_WORDS * 8
_IOV, _IOV_COUNT, _CONTROL, _CONTROL_LENGTH = 2, 3, 4, 5
_LENGTH_HALF = 14  # msg_len, counted in 32-bit words
_CMSG_WORDS = 4  # cmsghdr (length; level and type), then timespec (seconds; nanoseconds)
_CMSG_BYTES = _CMSG_WORDS * 8
_SECONDS, _NANOSECONDS = 2, 3

# The longest frame: vnet header, Ethernet header and a 64 KiB IP packet, rounded up to cache lines.
# One that fills it was longer.
SLOT = 65664
# Small frames take almost 1 KB each here; in a flood, a larger buffer would only add delay.
RECEIVE_BUFFER = 4 << 20

_PLACES = [(n * SLOT, 16 * n + _LENGTH_HALF, _CMSG_WORDS * n + _SECONDS) for n in range(BATCH)]
"""Of each frame in an inbox: its start, and where its length and stamp are."""

Frame = tuple[bytes, int]
"""A received frame with its vnet header, and the kernel's receive stamp (ns of CLOCK_REALTIME)."""

# PyDLL keeps the GIL: the calls never block, and another thread might not return the GIL for a while.
# No argtypes: converting arguments would cost as much as the call. So addresses must be pointers, not numbers.
_libc = ctypes.PyDLL(None, use_errno=True)
_recvmmsg, _sendmmsg = _libc.recvmmsg, _libc.sendmmsg


class Memory:
    """Memory for one batch of frames, `SLOT` bytes each; ports of one thread may share it.

    The kernel provides each page when it is first used: an idle client never needs the 4 MB of all together.
    """

    def __init__(self) -> None:
        mapped = mmap.mmap(-1, BATCH * SLOT, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
        with suppress(OSError):  # a kernel without huge pages
            mapped.madvise(mmap.MADV_NOHUGEPAGE)  # one would provide 2 MB for the first frame
        self.view = memoryview(mapped)
        self.address = _address(mapped)


class Inbox:
    """Message headers that receive a batch into memory, with kernel stamps.

    They serve again as they are: the kernel writes the size of a stamp where its room is given, which is the same.
    """

    def __init__(self, memory: Memory) -> None:
        self.memory = memory
        self._headers = _Headers(stamped=True)
        self.pointer = self._headers.pointer
        self._halves, self._stamps = self._headers.halves, self._headers.stamps
        for n in range(BATCH):
            self._headers.point(n, memory.address + n * SLOT, SLOT)

    def slots(self, count: int) -> list[tuple[int, int]]:
        """Slot and length (with vnet header) of each received frame."""
        halves = self._halves
        return [(n, halves[16 * n + _LENGTH_HALF]) for n in range(count)]

    def last_length(self, count: int) -> int:
        """The length of the last of `count` frames."""
        return self._halves[16 * count - 16 + _LENGTH_HALF]

    def first(self) -> tuple[int, int]:
        """Length and receive stamp of the first frame."""
        stamps = self._stamps
        return self._halves[_LENGTH_HALF], stamps[_SECONDS] * 1_000_000_000 + stamps[_NANOSECONDS]

    def frames(self, count: int) -> list[Frame]:
        """Copies of the received frames, with vnet headers and stamps, but for those that were cut off."""
        view, halves, stamps = self.memory.view, self._halves, self._stamps
        return [
            (bytes(view[start : start + halves[length]]), stamps[seconds] * 1_000_000_000 + stamps[seconds + 1])
            for start, length, seconds in _PLACES[:count]
            if halves[length] < SLOT
        ]

    def stamps(self, count: int) -> list[int]:
        """The receive stamp of each frame (ns of CLOCK_REALTIME)."""
        stamps = self._stamps
        return [stamps[n] * 1_000_000_000 + stamps[n + 1] for n in range(2, count * _CMSG_WORDS, _CMSG_WORDS)]

    def is_cut_off(self, count: int) -> bool:
        """Whether a frame was too long for its slot."""
        return max(length for _, length in self.slots(count)) == SLOT


class Outbox:
    """Message headers that send frames from any slots of a memory, in any order."""

    def __init__(self, memory: Memory) -> None:
        self.memory = memory
        self._headers = _Headers(stamped=False)
        self.pointer = self._headers.pointer
        self._vectors = self._headers.vectors
        self._starts = [memory.address + n * SLOT for n in range(BATCH)]
        for n in range(BATCH):
            self._headers.point(n, self._starts[n], 0)

    def behind(self, count: int) -> ctypes.c_void_p:
        """A pointer to the headers behind the first `count`."""
        return ctypes.c_void_p(self._headers.address + count * _MMSG_BYTES)

    def load(self, buffers: Sequence[bytes]) -> None:
        """Copy up to `BATCH` frames, with vnet headers, into the first slots."""
        view, vectors, start, word = self.memory.view, self._vectors, 0, 1
        for buffer in buffers:
            size = len(buffer)
            view[start : start + size] = buffer
            vectors[word] = size
            start += SLOT
            word += 2

    def choose(self, slots: Sequence[tuple[int, int]]) -> None:
        """Select frames already in memory, by slot and length."""
        vectors, starts, word = self._vectors, self._starts, 0
        for slot, length in slots:
            vectors[word] = starts[slot]
            vectors[word + 1] = length
            word += 2


class Port:
    """A packet socket bound to one interface. It does not receive what it sends."""

    def __init__(self, fd: int, inbox: Inbox, outbox: Outbox, relay: Outbox) -> None:
        """`fd` comes from `open_socket`; the boxes may be shared with other ports; `relay` sends from the inbox."""
        self._socket = socket.socket(fileno=fd)
        self._fd = fd
        self.inbox = inbox
        self._out = outbox
        self._relay = relay
        self.oversized = 0
        self.unreadable = 0
        self.full = False
        self._most = BATCH

    def fileno(self) -> int:
        return self._fd

    def receive(self) -> int:
        """Fill the inbox with up to `BATCH` frames, oldest first, and return their number; never blocks."""
        most = self._most
        count: int = _recvmmsg(self._fd, self.inbox.pointer, most, _MSG_DONTWAIT, None)
        self.full = count == most
        if count <= 0:
            self._note_failure(ctypes.get_errno() if count else 0)
            return 0
        self._most = FEW if self.inbox.last_length(count) > LARGE else BATCH
        return count

    def take(self, count: int) -> list[Frame]:
        """Copies of the received frames."""
        frames = self.inbox.frames(count)
        self.oversized += count - len(frames)
        return frames

    def read(self) -> list[Frame]:
        """Up to `BATCH` received frames, oldest first; never blocks."""
        count = self.receive()
        return self.take(count) if count else []

    def write(self, buffers: Sequence[bytes]) -> list[int]:
        """Send frames with vnet headers; returns the indices of those the kernel rejected."""
        if len(buffers) == 1:
            return [] if self.send(buffers[0]) else [0]
        out = self._out
        if len(buffers) <= BATCH:
            out.load(buffers)
            return self._send(out, len(buffers))
        refused: list[int] = []
        for first in range(0, len(buffers), BATCH):
            share = buffers[first : first + BATCH]
            out.load(share)
            refused += [first + index for index in self._send(out, len(share))]
        return refused

    def send(self, frame: bytes) -> bool:
        """Send one frame with its vnet header; returns whether the kernel took it."""
        try:
            self._socket.send(frame)
        except OSError:
            return False
        return True

    def relay(self, slots: Sequence[tuple[int, int]]) -> list[int]:
        """Send frames straight from the inbox, by slot and length; returns the indices of those rejected."""
        self._relay.choose(slots)
        return self._send(self._relay, len(slots))

    def kernel_drops(self) -> int:
        """Frames dropped because the socket's queue was full, since the last call."""
        statistics = self._socket.getsockopt(_SOL_PACKET, _PACKET_STATISTICS, 8)
        return int(unpack("II", statistics)[1])  # reading resets the kernel's counter

    def _send(self, out: Outbox, count: int) -> list[int]:
        sent: int = _sendmmsg(self._fd, out.pointer, count, 0)
        return [] if sent == count else self._send_rest(out, max(sent, 0), count)

    def _send_rest(self, out: Outbox, sent: int, count: int) -> list[int]:
        """Continue a partial send; skip each frame the kernel rejects."""
        refused = []
        while sent < count:
            # sendmmsg stops at a frame that fails, so the frames behind it need another call.
            done = _sendmmsg(self._fd, out.behind(sent), count - sent, 0)
            if done <= 0:
                if ctypes.get_errno() == errno.EINTR:
                    continue
                refused.append(sent)
                done = 1
            sent += done
        return refused

    def _note_failure(self, code: int) -> None:
        """EINVAL: kernels before 6.2 cannot deliver a UDP GSO frame, and drop it. ENETDOWN: nothing to read."""
        if code == errno.EINVAL:
            self.unreadable += 1
        elif code not in (0, errno.EAGAIN, errno.EINTR, errno.ENETDOWN):
            raise OSError(code, os.strerror(code))


class _Headers:
    """An array of struct mmsghdr with one iovec each and, if `stamped`, room for a stamp."""

    def __init__(self, stamped: bool) -> None:
        self._bytes = bytearray(BATCH * _MMSG_BYTES)
        self._iovecs = bytearray(BATCH * 16)
        self._control = bytearray(BATCH * _CMSG_BYTES)
        self.address = _address(self._bytes)
        self.pointer = ctypes.c_void_p(self.address)
        self.halves = memoryview(self._bytes).cast("I")
        self.vectors = memoryview(self._iovecs).cast("Q")
        self.stamps = memoryview(self._control).cast("q")
        self._wire(stamped)

    def point(self, n: int, address: int, size: int) -> None:
        self.vectors[2 * n] = address
        self.vectors[2 * n + 1] = size

    def _wire(self, stamped: bool) -> None:
        words = memoryview(self._bytes).cast("Q")
        vectors, control = _address(self._iovecs), _address(self._control)
        for n in range(BATCH):
            word = n * _MMSG_WORDS
            words[word + _IOV] = vectors + 16 * n
            words[word + _IOV_COUNT] = 1
            if stamped:
                words[word + _CONTROL] = control + n * _CMSG_BYTES
                words[word + _CONTROL_LENGTH] = _CMSG_BYTES


def make_ports(*fds: int) -> list[Port]:
    """Ports that share memory; use them from one thread only."""
    received, sent = Memory(), Memory()
    inbox, outbox, relay = Inbox(received), Outbox(sent), Outbox(received)
    return [Port(fd, inbox, outbox, relay) for fd in fds]


def open_socket(index: int) -> socket.socket:
    """A packet socket on the interface with this index; opening it needs NET_RAW, using it does not."""
    opened = spare_socket()
    bind_socket(opened, index)
    return opened


def spare_socket() -> socket.socket:
    """An unbound packet socket; needs NET_RAW."""
    opened = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    opened.setsockopt(_SOL_PACKET, _PACKET_VNET_HDR, 1)
    opened.setsockopt(_SOL_PACKET, _PACKET_IGNORE_OUTGOING, 1)
    opened.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
    opened.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, RECEIVE_BUFFER)
    return opened


def bind_socket(opened: socket.socket, index: int) -> None:
    """Bind a packet socket to an interface, or rebind it; needs no capability."""
    # The socket gets a protocol, and thereby packets, only here: it never receives from other interfaces.
    opened.bind((socket.if_indextoname(index), _ETH_P_ALL))


def _address(buffer: bytearray | mmap.mmap) -> int:
    return ctypes.addressof(ctypes.c_char.from_buffer(buffer))
