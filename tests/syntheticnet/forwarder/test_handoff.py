"""Errands: calls that run in another thread."""

from __future__ import annotations

import select
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

import pytest

from syntheticnet.forwarder.handoff import Errands

from ..builders import exactly


@contextmanager
def loop(errands: Errands) -> Iterator[int]:
    """A thread that serves errands; yields its identifier."""
    ended = threading.Event()

    def serve() -> None:
        while not ended.is_set():
            if select.select([errands.fileno()], [], [], 0.01)[0]:
                errands.serve()

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield thread.ident or 0
    finally:
        ended.set()
        thread.join()


def test_runs_where_the_loop_runs() -> None:
    """The caller gets the result or the exception, and the loop continues."""

    def fails() -> None:
        raise ValueError("no")

    errands = Errands()
    with loop(errands) as thread:
        assert errands.run(threading.get_ident) == thread
        with pytest.raises(ValueError, match=exactly("no")):
            errands.run(fails)
        assert [errands.run(partial(int, n)) for n in range(100)] == list(range(100))
