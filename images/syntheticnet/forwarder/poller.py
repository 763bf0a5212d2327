"""Waits for files or a time, punctually: it compensates for the wake-up latency measured lately.

Uses ppoll through ctypes: nanosecond timeouts with one system call per turn, where epoll with a timer takes three.
"""

from __future__ import annotations

import ctypes
import select
import time

# Nearer deadlines mean dense traffic: busy-waiting before each of them would occupy a whole core.
SPARSE_NS = 1_000_000
MOST_LEAD_NS = 200_000
# Wake-ups vary: to aim for the deadline itself would be to busy-wait for it every other time.
AIM_NS = 30_000
SECOND = 10**9
_WEIGHT = 8  # the newest sample counts 1/8 in the moving average
_NOBODY = -1  # ppoll ignores negative descriptors

_ppoll = ctypes.CDLL(None, use_errno=True).ppoll
_ppoll.argtypes = [ctypes.c_void_p, ctypes.c_ulong, ctypes.c_void_p, ctypes.c_void_p]


class Poller:
    """A few files, numbered in the order of `add`, and one deadline."""

    def __init__(self, room: int = 8) -> None:
        # struct pollfd: int fd; short events; short revents
        self._entries = bytearray(8 * room)
        self._halves = memoryview(self._entries).cast("i")
        self._timeout = bytearray(16)
        self._parts = memoryview(self._timeout).cast("q")
        self._address, self._timeout_address = map(_address, (self._entries, self._timeout))
        self._fds: list[int] = []
        self.lead = 0  # recent wake-up latency, ns

    def add(self, fd: int) -> int:
        """Add a file; returns its number."""
        number = len(self._fds)
        self._fds.append(fd)
        self._halves[2 * number + 1] = select.POLLIN
        self.watch(number, True)
        return number

    def watch(self, number: int, on: bool) -> None:
        """Watch or ignore a file."""
        self._halves[2 * number] = self._fds[number] if on else _NOBODY

    def wait(self, due: int | None) -> list[int]:
        """Wait for readable files and return their numbers; empty at `due` (ns, monotonic), never before it."""
        if due is None:
            return self._poll(0)
        left = due - time.monotonic_ns()
        if left <= 0:
            return self._ready(left_ns=0)
        early = max(0, self.lead - AIM_NS) if left > SPARSE_NS else 0
        ready = self._ready(left - early)
        if not ready:
            self._settle(due, early)
        return ready

    def _settle(self, due: int, early: int) -> None:
        """Update `lead` from the observed latency, and busy-wait until `due`."""
        now = time.monotonic_ns()
        if early or not self.lead:
            late = now - (due - early)
            # Capped: after one very late wake-up on a busy machine the loop would otherwise busy-wait for long.
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
