"""What one thread asks of another: the controller, which may take long, and the packet loop, which must not."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar

T = TypeVar("T")


class Errands:
    """Errands wait until the loop serves them, between two turns; whoever sent one waits for what comes of it."""

    def __init__(self) -> None:
        self._bell = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self._waiting: deque[tuple[Callable[[], Any], Future[Any]]] = deque()

    def fileno(self) -> int:
        return self._bell

    def run(self, errand: Callable[[], T]) -> T:
        """What the errand comes to, or the exception that it raises; to be called by the thread that is no loop."""
        future: Future[T] = Future()
        self._waiting.append((errand, future))
        os.eventfd_write(self._bell, 1)
        return future.result()

    def serve(self) -> None:
        """Do what waits; to be called by the loop when the file is readable."""
        os.eventfd_read(self._bell)
        while self._waiting:
            errand, future = self._waiting.popleft()
            try:
                future.set_result(errand())
            except Exception as error:
                future.set_exception(error)
