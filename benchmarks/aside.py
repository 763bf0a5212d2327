"""Runs a function in a forked process, so that neither side holds up the other."""

from __future__ import annotations

import os
import pickle
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from .errors import Failed

Result = TypeVar("Result")


@contextmanager
def aside(work: Callable[[], Result]) -> Iterator[Callable[[], Result]]:
    """Start `work` in a child; what is yielded waits for its result, and raises Failed if there is none."""
    read, write = os.pipe()
    pid = os.fork()
    if not pid:
        _work(work, write)
    os.close(write)
    with os.fdopen(read, "rb") as pipe:

        def result() -> Result:
            try:
                error, value = pickle.load(pipe)
            except EOFError:
                error, value = "it was killed", None
            if error:
                raise Failed(f"the process that sends: {error}")
            answer: Result = value
            return answer

        try:
            yield result
        finally:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)


def _work(work: Callable[[], object], write: int) -> None:
    """Send a pair of the error, if any, and the result; ends this process."""
    try:
        with os.fdopen(write, "wb") as pipe:
            try:
                answer = ("", work())
            except Exception as error:
                answer = (f"{type(error).__name__}: {error}", None)
            pickle.dump(answer, pipe)
    finally:
        os._exit(0)
