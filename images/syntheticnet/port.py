"""The only AF_PACKET socket: reads and writes whole batches of frames, offloads and all, with one system call each.

recvmmsg and sendmmsg are called through ctypes on preallocated arenas; per-packet calls are what makes Python slow.
"""

from __future__ import annotations

import ctypes
import errno
import os
import socket
from struct import unpack
from typing import NamedTuple

BATCH = 64

_SOL_PACKET = 263
_PACKET_STATISTICS = 6
_PACKET_VNET_HDR = 15
_PACKET_IGNORE_OUTGOING = 23
_SO_TIMESTAMPNS = 35
_SO_RCVBUFFORCE = 33
_ETH_P_ALL = 3

# struct mmsghdr on 64-bit Linux, in 64-bit words: name, namelen, iov, iovlen, control, controllen, flags; then msg_len.
_MMSG_WORDS = 8
_IOV, _IOV_COUNT, _CONTROL, _CONTROL_LENGTH = 2, 3, 4, 5
_LENGTH_HALF = 14  # msg_len, counted in 32-bit words
_FLAGS_HALF = 12  # msg_flags, likewise
_CMSG_WORDS = 4  # cmsghdr (length; level and type), then timespec (seconds; nanoseconds)

# The longest frame: 64 KiB of IP packet and its Ethernet header, behind the vnet header; rounded up to cache lines.
SLOT = 65664
RECEIVE_BUFFER = 8 << 20

_libc = ctypes.CDLL(None, use_errno=True)


class Frame(NamedTuple):
    """A received frame behind its vnet header, and when the kernel took it (ns of CLOCK_REALTIME)."""

    buffer: bytes
    stamp: int


class Arena:
    """Memory for one batch: `BATCH` message headers, and a slot of `SLOT` bytes each; one may serve several ports.

    `stamped` makes room for the kernel's stamp beside each message: for receiving only.
    """

    def __init__(self, stamped: bool) -> None:
        self.slots = bytearray(BATCH * SLOT)
        self._headers = bytearray(BATCH * _MMSG_WORDS * 8)
        self._vectors = bytearray(BATCH * 16)
        self._control = bytearray(BATCH * _CMSG_WORDS * 8)
        self.address = _address(self._headers)
        self.memory = memoryview(self.slots)
        self.lengths = memoryview(self._headers).cast("I")
        self.sizes = memoryview(self._vectors).cast("Q")
        self.stamps = memoryview(self._control).cast("q")
        self._prepare(stamped)
        self._pristine = bytes(self._headers)

    def reset(self, count: int) -> None:
        """Make the first `count` headers ready to receive again."""
        end = count * _MMSG_WORDS * 8
        memoryview(self._headers)[:end] = self._pristine[:end]

    def _prepare(self, stamped: bool) -> None:
        words = memoryview(self._headers).cast("Q")
        slots, vectors, control = map(_address, (self.slots, self._vectors, self._control))
        for n in range(BATCH):
            self.sizes[2 * n] = slots + n * SLOT
            self.sizes[2 * n + 1] = SLOT
            word = n * _MMSG_WORDS
            words[word + _IOV] = vectors + 16 * n
            words[word + _IOV_COUNT] = 1
            if stamped:
                words[word + _CONTROL] = control + n * _CMSG_WORDS * 8
                words[word + _CONTROL_LENGTH] = _CMSG_WORDS * 8


class Port:
    """A packet socket that is bound to one interface. Does not see what itself sends."""

    def __init__(self, fd: int, receiving: Arena, sending: Arena) -> None:
        """`fd` is a socket made by `open_socket`; the arenas may serve other ports too."""
        self._socket = socket.socket(fileno=fd)
        self._in = receiving
        self._out = sending
        self.oversized = 0
        self.unreadable = 0
        self._kernel_drops = 0

    def fileno(self) -> int:
        return self._socket.fileno()

    def read(self) -> list[Frame]:
        """The frames that have come, at most `BATCH`, oldest first; never waits."""
        arena = self._in
        count = _libc.recvmmsg(self.fileno(), ctypes.c_void_p(arena.address), BATCH, socket.MSG_DONTWAIT, None)
        if count <= 0:
            self._note_failure(ctypes.get_errno() if count else 0)
            return []
        memory, lengths, stamps = arena.memory, arena.lengths, arena.stamps
        frames = []
        for n in range(count):
            half = n * 16
            if lengths[half + _FLAGS_HALF] & socket.MSG_TRUNC:
                self.oversized += 1
                continue
            start, stamp = n * SLOT, n * _CMSG_WORDS
            frames.append(
                Frame(
                    bytes(memory[start : start + lengths[half + _LENGTH_HALF]]),
                    stamps[stamp + 2] * 1_000_000_000 + stamps[stamp + 3],
                )
            )
        arena.reset(count)
        return frames

    def write(self, buffers: list[bytes]) -> list[int]:
        """Send frames, each behind its vnet header; returns the indices of those that the kernel refused."""
        refused: list[int] = []
        for first in range(0, len(buffers), BATCH):
            refused += self._write_batch(buffers[first : first + BATCH], first)
        return refused

    def kernel_drops(self) -> int:
        """Frames that found the socket's queue full, since it was opened."""
        statistics = self._socket.getsockopt(_SOL_PACKET, _PACKET_STATISTICS, 8)
        self._kernel_drops += unpack("II", statistics)[1]  # reading resets the kernel's count
        return self._kernel_drops

    def _write_batch(self, buffers: list[bytes], first: int) -> list[int]:
        memory, sizes = self._out.memory, self._out.sizes
        for n, buffer in enumerate(buffers):
            start, size = n * SLOT, len(buffer)
            memory[start : start + size] = buffer
            sizes[2 * n + 1] = size
        refused, sent = [], 0
        while sent < len(buffers):
            address = self._out.address + sent * _MMSG_WORDS * 8
            count = _libc.sendmmsg(self.fileno(), ctypes.c_void_p(address), len(buffers) - sent, 0)
            if count <= 0:
                if ctypes.get_errno() == errno.EINTR:
                    continue
                refused.append(first + sent)
                count = 1
            sent += count
        return refused

    def _note_failure(self, code: int) -> None:
        """EINVAL: a UDP GSO frame that a kernel before 6.2 cannot hand over, and lost. ENETDOWN: nothing to read."""
        if code == errno.EINVAL:
            self.unreadable += 1
        elif code not in (0, errno.EAGAIN, errno.EINTR, errno.ENETDOWN):
            raise OSError(code, os.strerror(code))


def open_socket(index: int) -> socket.socket:
    """A packet socket on the interface with this index; needs NET_RAW. Using it needs no capability."""
    opened = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    opened.setsockopt(_SOL_PACKET, _PACKET_VNET_HDR, 1)
    opened.setsockopt(_SOL_PACKET, _PACKET_IGNORE_OUTGOING, 1)
    opened.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
    opened.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, RECEIVE_BUFFER)
    # Only a bind gives it a protocol, and with it packets: none of another interface ever gets in.
    opened.bind((socket.if_indextoname(index), _ETH_P_ALL))
    return opened


def _address(buffer: bytearray) -> int:
    return ctypes.addressof(ctypes.c_char.from_buffer(buffer))
