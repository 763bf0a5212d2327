"""Runs a program and reads its output line by line; it never outlives synthlab."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import IO

from ..errors import SynthlabError
from ..interrupts import uninterrupted, when_stopped

TAIL = 30
PATIENCE_S = 10
_PR_SET_PDEATHSIG = 1


@dataclass(frozen=True, slots=True)
class Finished:
    """A program's exit status and the last lines of its output."""

    status: int
    tail: tuple[str, ...]


def run_program(
    command: Sequence[str],
    *,
    text: str = "",
    on_line: Callable[[str], None] = lambda line: None,
    environment: Mapping[str, str] | None = None,
    timeout_s: float | None = None,
    patience_s: float = PATIENCE_S,
    output: IO[bytes] | None = None,
) -> Finished:
    """Run `command` with `text` as its stdin and wait for it; `on_line` gets every non-empty line of its output.

    With `output`, its stdout goes to that file, and the lines are those of stderr. It gets a new session, so that
    Ctrl-C reaches only us. It is stopped when we are interrupted or after `timeout_s` (the status is then negative),
    and on Linux also when we are killed; it has `patience_s` to end by itself. Raises SynthlabError if it cannot be
    run.
    """

    def stop() -> None:
        _end(process, patience_s)

    with _started(command, environment, output) as process, when_stopped(stop):
        timer = threading.Timer(timeout_s, stop) if timeout_s else None
        try:
            if timer:
                timer.start()
            _feed(process, text)
            tail = _read_lines(process.stderr if output else process.stdout, on_line)
            return Finished(process.wait(), tuple(tail))
        except BaseException:
            with uninterrupted():
                stop()
            raise
        finally:
            if timer:
                timer.cancel()


def run_attached(command: Sequence[str], environment: Mapping[str, str] | None = None) -> int:
    """Run `command` on our terminal, where only it gets Ctrl-C; returns its exit status, as a shell reports it."""
    process = None
    before = signal.signal(signal.SIGINT, lambda number, frame: None)  # unlike SIG_IGN, no child inherits this
    try:
        process = subprocess.Popen(command, env=environment)
        status = process.wait()
    except OSError as error:
        raise SynthlabError(f"{command[0]} cannot be run: {error.strerror}; run `synthlab doctor`") from None
    finally:
        signal.signal(signal.SIGINT, before)
        if process and process.poll() is None:
            process.terminate()
    return status if status >= 0 else 128 - status


def _started(
    command: Sequence[str], environment: Mapping[str, str] | None, output: IO[bytes] | None
) -> subprocess.Popen[str]:
    try:
        return subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=output or subprocess.PIPE,
            stderr=subprocess.PIPE if output else subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            errors="replace",
            env=environment,
            start_new_session=True,
            preexec_fn=_prepared(),  # noqa: PLW1509 - it makes two system calls and takes no lock
        )
    except OSError as error:
        raise SynthlabError(f"{command[0]} cannot be run: {error.strerror}; run `synthlab doctor`") from None


def _prepared() -> Callable[[], None]:
    """What the child does first.

    It heeds SIGTERM, even if another thread of ours ignores signals at this moment (`uninterrupted`), which the child
    inherits. On Linux, it asks the kernel to stop it when we die: a killed synthlab leaves no build running.
    """
    prctl = None
    if sys.platform == "linux":
        import ctypes

        prctl = ctypes.CDLL(None).prctl

    def prepare() -> None:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        if prctl:
            prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)

    return prepare


def _feed(process: subprocess.Popen[str], text: str) -> None:
    assert process.stdin
    # It may exit without reading: its status and its last lines say why.
    with contextlib.suppress(BrokenPipeError):
        process.stdin.write(text)
        process.stdin.close()


def _read_lines(output: IO[str] | None, on_line: Callable[[str], None]) -> deque[str]:
    tail: deque[str] = deque(maxlen=TAIL)
    for line in _lines(output):
        tail.append(line)
        on_line(line)
    return tail


def _lines(output: IO[str] | None) -> Iterator[str]:
    for line in output or ():
        if line.strip():
            yield line.rstrip()


def _end(process: subprocess.Popen[str], patience_s: float) -> None:
    for number in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            # The whole group: `docker` runs compose and buildx as child processes.
            os.killpg(process.pid, number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(patience_s)
            return
