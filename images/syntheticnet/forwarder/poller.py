"""Waits for files to become readable, or for a time, and is punctual: wakes up early by what waking up has lately cost.

ppoll through ctypes: one system call a turn, where epoll with a timer takes three, and times in nanoseconds.
"""

from __future__ import annotations

import ctypes
import select
import time

# Times nearer than this are those of dense traffic; waiting awake before each of them would take a whole processor.
SPARSE_NS = 1_000_000
MOST_LEAD_NS = 200_000
SECOND = 10**9
_WEIGHT = 8  # one in so many parts of the newest measurement goes into the mean
_NOBODY = -1  # ppoll passes by negative descriptors

_ppoll = ctypes.CDLL(None, use_errno=True).ppoll
_ppoll.argtypes = [ctypes.c_void_p, ctypes.c_ulong, ctypes.c_void_p, ctypes.c_void_p]


class Poller:
    """A few files, each with a number in the order of `add`, and one time to wait for."""

    def __init__(self, room: int = 8) -> None:
        # struct pollfd: int fd; short events; short revents
        self._entries = bytearray(8 * room)
        self._halves = memoryview(self._entries).cast("i")
        self._timeout = bytearray(16)
        self._parts = memoryview(self._timeout).cast("q")
        self._address, self._timeout_address = map(_address, (self._entries, self._timeout))
        self._fds: list[int] = []
        self.lead = 0  # what waking up has cost lately, ns

    def add(self, fd: int) -> int:
        """Wait for this file too; returns its number."""
        number = len(self._fds)
        self._fds.append(fd)
        self._halves[2 * number + 1] = select.POLLIN
        self.watch(number, True)
        return number

    def watch(self, number: int, on: bool) -> None:
        """Wait for a file, or pass it by for now."""
        self._halves[2 * number] = self._fds[number] if on else _NOBODY

    def wait(self, due: int | None) -> list[int]:
        """The numbers of the files that are readable; none at `due` (ns of the monotonic clock), not before it."""
        if due is None:
            return self._poll(0)
        left = due - time.monotonic_ns()
        if left <= 0:
            return self._ready(left_ns=0)
        early = self.lead if left > SPARSE_NS else 0
        ready = self._ready(left - early)
        if not ready:
            self._settle(due, early)
        return ready

    def _settle(self, due: int, early: int) -> None:
        """Learn from how late it is, and wait the rest out awake."""
        now = time.monotonic_ns()
        if early or not self.lead:
            late = now - (due - early)
            self.lead += (max(0, min(late, MOST_LEAD_NS)) - self.lead) // _WEIGHT
        while now < due:
            now = time.monotonic_ns()

    def _ready(self, left_ns: int) -> list[int]:
        parts = self._parts
        if left_ns < SECOND:
            parts[0], parts[1] = 0, left_ns
        else:
            parts[0], parts[1] = divmod(left_ns, SECOND)
        return self._poll(self._timeout_address)

    def _poll(self, timeout: int) -> list[int]:
        if _ppoll(self._address, len(self._fds), timeout or None, None) <= 0:
            return []
        halves = self._halves
        return [number for number in range(len(self._fds)) if halves[2 * number + 1] >> 16]


def _address(buffer: bytearray) -> int:
    return ctypes.addressof(ctypes.c_char.from_buffer(buffer))
