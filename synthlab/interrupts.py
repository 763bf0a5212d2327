"""What ends work early, and what does not interrupt its cleanup.

Ctrl-C, SIGTERM and SIGHUP unwind the program. They reach only the main thread; a `Stop` ends the work of another one.
"""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Callable, Iterator
from contextvars import ContextVar
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


class Stop:
    """Ends work in another thread: its programs are killed, its next stage is refused, a run of a scenario reverts."""

    def __init__(self) -> None:
        self.requested = False
        self._calls: list[Callable[[], object]] = []
        self._lock = threading.Lock()

    def request(self) -> None:
        # With the lock held, so that no call comes after the block that it belongs to.
        with self._lock:
            self.requested = True
            for call in self._calls:
                call()

    @contextlib.contextmanager
    def applies(self) -> Iterator[None]:
        """Inside the block this thread can be stopped, and so can the tasks and threads that it starts with asyncio."""
        token = _present.set(self)
        try:
            yield
        finally:
            _present.reset(token)

    @contextlib.contextmanager
    def calling(self, call: Callable[[], object]) -> Iterator[None]:
        with self._lock:
            self._calls.append(call)
            requested = self.requested
        try:
            if requested:
                call()
            yield
        finally:
            with self._lock:
                self._calls.remove(call)


_present: ContextVar[Stop | None] = ContextVar("stop", default=None)


def is_stopped() -> bool:
    """Whether this work should end; never during cleanup."""
    stop = _present.get()
    return stop is not None and stop.requested


@contextlib.contextmanager
def when_stopped(call: Callable[[], object]) -> Iterator[None]:
    """Call `call` once the work in the block should end: from another thread, or at once if it should already."""
    stop = _present.get()
    with stop.calling(call) if stop else contextlib.nullcontext():
        yield


@contextlib.contextmanager
def uninterrupted() -> Iterator[None]:
    """Ignore these signals, and a `Stop`, inside the block. Only the main thread gets signals and can set handlers."""
    token = _present.set(None)
    is_main = threading.current_thread() is threading.main_thread()
    numbers = (signal.SIGINT, *ENDING) if is_main else ()
    before = {number: signal.signal(number, signal.SIG_IGN) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        _present.reset(token)


def _raise(number: int, _frame: FrameType | None) -> NoReturn:
    raise Terminated(number)
