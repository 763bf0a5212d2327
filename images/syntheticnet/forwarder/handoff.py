"""Runs calls of the controller's thread in the packet loop's thread."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar

T = TypeVar("T")


class Errands:
    """Calls queued for the loop, which runs them between two turns, while the caller blocks for the result."""

    def __init__(self) -> None:
        self._bell = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self._waiting: deque[tuple[Callable[[], Any], Future[Any]]] = deque()

    def fileno(self) -> int:
        return self._bell

    def run(self, errand: Callable[[], T]) -> T:
        """Run `errand` in the loop and return its result or raise its exception; not for the loop's own thread."""
        future: Future[T] = Future()
        # Queue, then ring: the loop must find the call when it wakes up.
        self._waiting.append((errand, future))
        os.eventfd_write(self._bell, 1)
        return future.result()

    def serve(self) -> None:
        """Run all queued calls; the loop calls it when `fileno` is readable."""
        # Silence the bell before emptying the queue: a call queued meanwhile rings again.
        os.eventfd_read(self._bell)
        while self._waiting:
            errand, future = self._waiting.popleft()
            try:
                future.set_result(errand())
            except Exception as error:
                future.set_exception(error)
