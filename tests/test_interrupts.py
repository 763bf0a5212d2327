"""Signals that stop synthlab."""

from __future__ import annotations

import os
import signal
import threading

import pytest

from synthlab.interrupts import Terminated, uninterrupted, unwind_on_signals


def test_sigterm_unwinds() -> None:
    """SIGTERM unwinds as Ctrl-C does, with the exit status shells expect."""
    unwind_on_signals()
    with pytest.raises(Terminated) as caught:
        os.kill(os.getpid(), signal.SIGTERM)
    assert caught.value.exit_code == 143


def test_tidying_up_is_not_disturbed() -> None:
    """During cleanup Ctrl-C and SIGTERM are ignored; afterwards they work again."""
    before = signal.getsignal(signal.SIGINT)
    with uninterrupted():
        os.kill(os.getpid(), signal.SIGINT)
        os.kill(os.getpid(), signal.SIGTERM)
    assert signal.getsignal(signal.SIGINT) is before


def test_other_threads() -> None:
    """In another thread, which gets no signals, it does nothing and does not fail."""
    done: list[bool] = []

    def work() -> None:
        with uninterrupted():
            done.append(True)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert done == [True]
