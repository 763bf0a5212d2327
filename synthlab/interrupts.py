"""Ctrl-C, and the other ways in which a user ends synthlab: all unwind it, and none may disturb the tidying up."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterator
from types import FrameType
from typing import NoReturn

ENDING = (signal.SIGTERM, *([signal.SIGHUP] if hasattr(signal, "SIGHUP") else []))


class Terminated(BaseException):
    """Asked to end by a signal other than Ctrl-C's: as that, it is no error, and goes past all who catch those."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.exit_code = 128 + number


def unwind_on_signals() -> None:
    """Make SIGTERM and SIGHUP unwind the program as Ctrl-C does."""
    for number in ENDING:
        if signal.getsignal(number) is signal.SIG_DFL:  # nohup is respected
            signal.signal(number, _raise)


@contextlib.contextmanager
def uninterrupted() -> Iterator[None]:
    """Hold signals back until the work inside is done; in other threads than the main one, do nothing."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, signal.SIG_IGN) for number in (signal.SIGINT, *ENDING)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _raise(number: int, _frame: FrameType | None) -> NoReturn:
    raise Terminated(number)
