"""The only AF_PACKET socket: reads and writes whole batches of frames, offloads and all, with one system call each.

recvmmsg and sendmmsg are called through ctypes on preallocated memory; per-packet calls are what makes Python slow.
"""

from __future__ import annotations

import ctypes
import errno
import os
import socket
from collections.abc import Sequence
from struct import unpack

BATCH = 64
# Of super-frames fewer at a time: what is read must still be in the processor's cache when it is sent.
FEW, LARGE = 16, 16384

_SOL_PACKET = 263
_PACKET_STATISTICS = 6
_PACKET_VNET_HDR = 15
_PACKET_IGNORE_OUTGOING = 23
_SO_TIMESTAMPNS = 35
_SO_RCVBUFFORCE = 33
_ETH_P_ALL = 3
_MSG_DONTWAIT, _MSG_TRUNC = int(socket.MSG_DONTWAIT), int(socket.MSG_TRUNC)  # enums are slow in a loop

# struct mmsghdr on 64-bit Linux, in 64-bit words: name, namelen, iov, iovlen, control, controllen, flags; then msg_len.
_MMSG_WORDS = 8
_MMSG_BYTES = _MMSG_WORDS * 8
_IOV, _IOV_COUNT, _CONTROL, _CONTROL_LENGTH = 2, 3, 4, 5
_LENGTH_HALF = 14  # msg_len, counted in 32-bit words
_FLAGS_HALF = 12  # msg_flags, likewise
_CMSG_WORDS = 4  # cmsghdr (length; level and type), then timespec (seconds; nanoseconds)
_CMSG_BYTES = _CMSG_WORDS * 8

# The longest frame: 64 KiB of IP packet and its Ethernet header, behind the vnet header; rounded up to cache lines.
SLOT = 65664
# In a flood of small frames, each of which takes most of a KB, a longer queue would only make all of them late.
RECEIVE_BUFFER = 4 << 20

Frame = tuple[bytes, int]
"""A received frame behind its vnet header, and when the kernel took it (ns of CLOCK_REALTIME)."""

# These calls never wait: so they keep the interpreter, which another thread would not hand back at once.
_libc = ctypes.PyDLL(None, use_errno=True)
_recvmmsg, _sendmmsg = _libc.recvmmsg, _libc.sendmmsg
_recvmmsg.argtypes = [ctypes.c_int, ctypes.c_void_p, ctypes.c_uint, ctypes.c_int, ctypes.c_void_p]
_sendmmsg.argtypes = [ctypes.c_int, ctypes.c_void_p, ctypes.c_uint, ctypes.c_int]


class Memory:
    """Room for one batch of frames: a slot of `SLOT` bytes each; may serve several ports, one after the other."""

    def __init__(self) -> None:
        self._bytes = bytearray(BATCH * SLOT)
        self.view = memoryview(self._bytes)
        self.address = _address(self._bytes)


class Inbox:
    """Message headers that receive a batch into memory, and the kernel's stamp of each frame."""

    def __init__(self, memory: Memory) -> None:
        self.memory = memory
        self._headers = _Headers(stamped=True)
        self.address = self._headers.address
        self._halves, self._stamps = self._headers.halves, self._headers.stamps
        for n in range(BATCH):
            self._headers.point(n, memory.address + n * SLOT, SLOT)

    def slots(self, count: int) -> list[tuple[int, int]]:
        """Slot and length of each frame received, behind its vnet header."""
        halves = self._halves
        return [(n, halves[16 * n + _LENGTH_HALF]) for n in range(count)]

    def length(self, slot: int) -> int:
        return self._halves[16 * slot + _LENGTH_HALF]

    def stamps(self, count: int) -> list[int]:
        """When the kernel took each frame (ns of CLOCK_REALTIME)."""
        stamps = self._stamps
        return [stamps[n] * 1_000_000_000 + stamps[n + 1] for n in range(2, count * _CMSG_WORDS, _CMSG_WORDS)]

    def cut_off(self, count: int) -> list[int]:
        """The slots of frames that were longer than a slot."""
        halves = self._halves
        return [n for n in range(count) if halves[16 * n + _FLAGS_HALF] & _MSG_TRUNC]

    def ready(self, count: int) -> None:
        """Make the first `count` headers ready to receive again."""
        self._headers.reset(count)


class Outbox:
    """Message headers that send frames from the slots of a memory, in any choice and order."""

    def __init__(self, memory: Memory) -> None:
        self.memory = memory
        self._headers = _Headers(stamped=False)
        self.address = self._headers.address
        self._vectors = self._headers.vectors
        self._starts = [memory.address + n * SLOT for n in range(BATCH)]
        for n in range(BATCH):
            self._headers.point(n, self._starts[n], 0)

    def load(self, buffers: Sequence[bytes]) -> None:
        """Put at most `BATCH` frames, each behind its vnet header, in the slots from the first on."""
        view, vectors, start, word = self.memory.view, self._vectors, 0, 1
        for buffer in buffers:
            size = len(buffer)
            view[start : start + size] = buffer
            vectors[word] = size
            start += SLOT
            word += 2

    def choose(self, slots: Sequence[tuple[int, int]]) -> None:
        """Send what lies in the memory already: slot and length of each frame."""
        vectors, starts, word = self._vectors, self._starts, 0
        for slot, length in slots:
            vectors[word] = starts[slot]
            vectors[word + 1] = length
            word += 2


class Port:
    """A packet socket that is bound to one interface. Does not see what itself sends."""

    def __init__(self, fd: int, inbox: Inbox, outbox: Outbox, relay: Outbox) -> None:
        """`fd` is a socket made by `open_socket`; the boxes may serve other ports too; `relay` sends from the inbox."""
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
        """Fill the inbox; how many frames have come, at most `BATCH`, oldest first; never waits."""
        most = self._most
        count: int = _recvmmsg(self._fd, self.inbox.address, most, _MSG_DONTWAIT, None)
        self.full = count == most
        if count <= 0:
            self._note_failure(ctypes.get_errno() if count else 0)
            return 0
        self._most = FEW if self.inbox.length(count - 1) > LARGE else BATCH
        return count

    def take(self, count: int) -> list[Frame]:
        """Copies of the frames received; the inbox is free again."""
        inbox = self.inbox
        view, cut_off = inbox.memory.view, inbox.cut_off(count)
        frames = [
            (bytes(view[slot * SLOT : slot * SLOT + length]), stamp)
            for (slot, length), stamp in zip(inbox.slots(count), inbox.stamps(count), strict=True)
        ]
        inbox.ready(count)
        if cut_off:
            self.oversized += len(cut_off)
            frames = [frame for n, frame in enumerate(frames) if n not in cut_off]
        return frames

    def read(self) -> list[Frame]:
        """The frames that have come, at most `BATCH`, oldest first; never waits."""
        count = self.receive()
        return self.take(count) if count else []

    def write(self, buffers: Sequence[bytes]) -> list[int]:
        """Send frames, each behind its vnet header; returns the indices of those that the kernel refused."""
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

    def relay(self, slots: Sequence[tuple[int, int]]) -> list[int]:
        """Send frames that lie in the inbox, by slot and length; returns the indices of those refused."""
        self._relay.choose(slots)
        return self._send(self._relay, len(slots))

    def kernel_drops(self) -> int:
        """Frames that found the socket's queue full, since it was asked last."""
        statistics = self._socket.getsockopt(_SOL_PACKET, _PACKET_STATISTICS, 8)
        return int(unpack("II", statistics)[1])  # reading resets the kernel's count

    def _send(self, out: Outbox, count: int) -> list[int]:
        sent: int = _sendmmsg(self._fd, out.address, count, 0)
        return [] if sent == count else self._send_rest(out, max(sent, 0), count)

    def _send_rest(self, out: Outbox, sent: int, count: int) -> list[int]:
        """Go on where the kernel stopped; a frame that it will not take is passed over."""
        refused = []
        while sent < count:
            done = _sendmmsg(self._fd, out.address + sent * _MMSG_BYTES, count - sent, 0)
            if done <= 0:
                if ctypes.get_errno() == errno.EINTR:
                    continue
                refused.append(sent)
                done = 1
            sent += done
        return refused

    def _note_failure(self, code: int) -> None:
        """EINVAL: a UDP GSO frame that a kernel before 6.2 cannot hand over, and lost. ENETDOWN: nothing to read."""
        if code == errno.EINVAL:
            self.unreadable += 1
        elif code not in (0, errno.EAGAIN, errno.EINTR, errno.ENETDOWN):
            raise OSError(code, os.strerror(code))


class _Headers:
    """An array of struct mmsghdr with an iovec each, and where `stamped` room for a stamp."""

    def __init__(self, stamped: bool) -> None:
        self._bytes = bytearray(BATCH * _MMSG_BYTES)
        self._iovecs = bytearray(BATCH * 16)
        self._control = bytearray(BATCH * _CMSG_BYTES)
        self.address = _address(self._bytes)
        self.halves = memoryview(self._bytes).cast("I")
        self.vectors = memoryview(self._iovecs).cast("Q")
        self.stamps = memoryview(self._control).cast("q")
        self._wire(stamped)
        self._pristine = bytes(self._bytes)

    def point(self, n: int, address: int, size: int) -> None:
        self.vectors[2 * n] = address
        self.vectors[2 * n + 1] = size

    def reset(self, count: int) -> None:
        end = count * _MMSG_BYTES
        self._bytes[:end] = self._pristine[:end]

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
    """Ports that share their memory, for use by one thread."""
    received, sent = Memory(), Memory()
    inbox, outbox, relay = Inbox(received), Outbox(sent), Outbox(received)
    return [Port(fd, inbox, outbox, relay) for fd in fds]


def open_socket(index: int) -> socket.socket:
    """A packet socket on the interface with this index; needs NET_RAW. Using it needs no capability."""
    opened = spare_socket()
    bind_socket(opened, index)
    return opened


def spare_socket() -> socket.socket:
    """A packet socket on no interface yet; needs NET_RAW."""
    opened = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    opened.setsockopt(_SOL_PACKET, _PACKET_VNET_HDR, 1)
    opened.setsockopt(_SOL_PACKET, _PACKET_IGNORE_OUTGOING, 1)
    opened.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
    opened.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, RECEIVE_BUFFER)
    return opened


def bind_socket(opened: socket.socket, index: int) -> None:
    """Put a packet socket on an interface, also one that is on another; needs no capability."""
    # Only a bind gives it a protocol, and with it packets: none of another interface ever gets in.
    opened.bind((socket.if_indextoname(index), _ETH_P_ALL))


def _address(buffer: bytearray) -> int:
    return ctypes.addressof(ctypes.c_char.from_buffer(buffer))
