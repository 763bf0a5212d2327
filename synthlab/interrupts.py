"""Signal handling: Ctrl-C, SIGTERM and SIGHUP all unwind the program, and none interrupts its cleanup."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterator
from types import FrameType
from typing import NoReturn

ENDING = (signal.SIGTERM, *([signal.SIGHUP] if hasattr(signal, "SIGHUP") else []))


class Terminated(BaseException):
    """Raised by SIGTERM and SIGHUP. Like KeyboardInterrupt no Exception, so that error handlers do not catch it."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.exit_code = 128 + number


def unwind_on_signals() -> None:
    """Make SIGTERM and SIGHUP unwind the program as Ctrl-C does."""
    for number in ENDING:
        if signal.getsignal(number) is signal.SIG_DFL:  # keep a handler set by others, such as nohup's SIG_IGN
            signal.signal(number, _raise)


@contextlib.contextmanager
def uninterrupted() -> Iterator[None]:
    """Ignore these signals inside the block. Does nothing outside the main thread, where handlers cannot be set."""
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
