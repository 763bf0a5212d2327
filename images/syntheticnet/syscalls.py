"""System calls that Python 3.11 lacks: capabilities, process attributes and signalfd."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Iterable
from struct import pack, unpack_from

_libc = ctypes.CDLL(None, use_errno=True)

NET_ADMIN, NET_RAW, SYS_PTRACE = 12, 13, 19

_PR_SET_DUMPABLE, _PR_SET_TIMERSLACK = 4, 29
_PR_CAPBSET_READ, _PR_CAPBSET_DROP, _PR_SET_NO_NEW_PRIVS = 23, 24, 38
_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_CLEAR_ALL = 47, 4
_SIGNAL_SET_BYTES = 128  # glibc's sigset_t
_SIGNAL_BYTES = 128  # struct signalfd_siginfo, which begins with the number
_CAPABILITY_VERSION_3 = 0x20080522


def forbid_capabilities(numbers: Iterable[int]) -> None:
    """Remove these capabilities from the bounding set: no program started from here gets them; needs SETPCAP."""
    for number in numbers:
        _prctl(_PR_CAPBSET_DROP, number)
    _prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_CLEAR_ALL)


def drop_capabilities(numbers: Iterable[int], but: Iterable[int] = ()) -> None:
    """Drop these capabilities permanently, for this process and all it starts; needs SETPCAP.

    This process keeps those in `but`, yet cannot pass them on. Clearing its own sets alone would not do: a root process
    regains everything in the bounding set at its next exec.
    """
    gone = set(numbers)
    forbid_capabilities(sorted(gone))
    effective, permitted = _capabilities()
    mask = ~sum(1 << number for number in gone - set(but))
    _set_capabilities(effective & mask, permitted & mask)


def allowed_capabilities() -> list[int]:
    """The bounding set: capabilities a program started by this process could still get."""
    return [number for number in range(64) if _libc.prctl(_PR_CAPBSET_READ, number, 0, 0, 0) == 1]


def become(uid: int, gid: int) -> None:
    """Switch to this user for good, without capabilities, ways to regain them, or being traceable; needs SETPCAP."""
    # The user comes last: changing it takes away SETPCAP and SETGID, which the steps before it need.
    forbid_capabilities(allowed_capabilities())
    os.setgroups([])
    os.setresgid(gid, gid, gid)
    os.setresuid(uid, uid, uid)
    _prctl(_PR_SET_NO_NEW_PRIVS, 1)
    hide()


def hide() -> None:
    """Keep processes of the same user from tracing this one or taking its file descriptors."""
    _prctl(_PR_SET_DUMPABLE, 0)


def be_punctual() -> None:
    """Lower the timer slack from the default 50 µs to 1 µs."""
    _prctl(_PR_SET_TIMERSLACK, 1000)


def open_signals(numbers: Iterable[int]) -> int:
    """A signalfd for these signals, which must be blocked; readable when one is pending."""
    mask = sum(1 << (number - 1) for number in numbers).to_bytes(_SIGNAL_SET_BYTES, "little")
    return int(_checked(_libc.signalfd(-1, mask, os.O_NONBLOCK | os.O_CLOEXEC)))


def read_signals(file: int) -> list[int]:
    """Consume and return the pending signals."""
    try:
        data = os.read(file, 64 * _SIGNAL_BYTES)
    except BlockingIOError:
        return []
    return [unpack_from("I", data, start)[0] for start in range(0, len(data), _SIGNAL_BYTES)]


def _prctl(option: int, argument: int) -> None:
    _checked(_libc.prctl(option, argument, 0, 0, 0))


def _capabilities() -> tuple[int, int]:
    """The effective and permitted sets."""
    header, data = pack("Ii", _CAPABILITY_VERSION_3, 0), (ctypes.c_uint32 * 6)()
    _checked(_libc.capget(header, data))
    return data[0] | data[3] << 32, data[1] | data[4] << 32


def _set_capabilities(effective: int, permitted: int) -> None:
    low = 0xFFFFFFFF
    header = pack("Ii", _CAPABILITY_VERSION_3, 0)
    data = pack("6I", effective & low, permitted & low, 0, effective >> 32, permitted >> 32, 0)
    _checked(_libc.capset(header, data))


def _checked(result: int) -> int:
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
    return result
