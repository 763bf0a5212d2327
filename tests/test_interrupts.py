"""Signals that end synthlab."""

from __future__ import annotations

import os
import signal
import threading

import pytest

from synthlab.interrupts import Terminated, uninterrupted, unwind_on_signals


def test_sigterm_unwinds() -> None:
    """SIGTERM unwinds as Ctrl-C does, with the status that a shell expects of it."""
    unwind_on_signals()
    with pytest.raises(Terminated) as caught:
        os.kill(os.getpid(), signal.SIGTERM)
    assert caught.value.exit_code == 143


def test_tidying_up_is_not_disturbed() -> None:
    """While tidying up, neither Ctrl-C nor SIGTERM has an effect; afterwards both have it again."""
    before = signal.getsignal(signal.SIGINT)
    with uninterrupted():
        os.kill(os.getpid(), signal.SIGINT)
        os.kill(os.getpid(), signal.SIGTERM)
    assert signal.getsignal(signal.SIGINT) is before


def test_other_threads() -> None:
    """In another thread, to which no signal comes, there is nothing to hold back and nothing fails."""
    done: list[bool] = []

    def work() -> None:
        with uninterrupted():
            done.append(True)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert done == [True]
