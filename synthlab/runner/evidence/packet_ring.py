"""A rolling capture of one client's packets, kept inside its container until it is read.

When an expectation fails, its cause is already seconds past: a capture started then would miss it. So one runs from the
start, and bounded memory keeps its last seconds only; see `guest/capture.py`.
"""

from __future__ import annotations

import contextlib
import os
import struct
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import IO, Protocol

from ...engine.api import User
from ...engine.containers import Container
from ...engine.exec import end, last_line
from ...errors import SynthlabError

SNAPLEN = 192
"""Bytes kept of each frame: all headers, and only the beginning of media."""
KEPT_S = 30
MOST_BYTES = 16 << 20
READ_S = 8.0
AGAIN_S = 1.0
MOST_MARK_BYTES = 1500  # below Linux's PIPE_BUF: written completely or not at all
_LENGTH = struct.Struct("!Q")


class StartProgram(Protocol):
    """Starts a program inside a container, as `EngineApi.start_program` does."""

    def __call__(
        self, container: Container, program: str, arguments: Sequence[object], *, user: User
    ) -> subprocess.Popen[bytes]: ...


class RingCapture:
    """Captures in the background from now on. After a restart of the client it starts again, empty."""

    def __init__(self, client: str, find: Callable[[], Container], run: StartProgram) -> None:
        """`find` returns the client's container, and may raise SynthlabError."""
        self._client = client
        self._find = find
        self._run = run
        self._lock = threading.Lock()  # held only briefly: `mark` must not block
        self._reading = threading.Lock()
        self._closing = threading.Event()
        self._process: subprocess.Popen[bytes] | None = None
        self._waiting: deque[bytes] = deque(maxlen=20)
        self.problem = ""
        """Why earlier packets are missing, or why there is no capture."""
        threading.Thread(target=self._keep_on, daemon=True).start()

    def mark(self, text: str) -> None:
        """Mark this moment. Never blocks; the mark is lost if the container does not read it."""
        line = b"mark " + " ".join(text.split()).encode()[:MOST_MARK_BYTES] + b"\n"
        with self._lock:
            if self._process is None:
                self._waiting.append(line)
            else:
                _send(self._process, line)

    def read(self, timeout_s: float = READ_S) -> bytes:
        """The capture as a pcapng file; raises SynthlabError if there is none."""
        with self._reading:
            with self._lock:
                process = self._process
            if process is None or process.poll() is not None:
                raise SynthlabError(self.problem or "the capture has not started")
            try:
                return _dump(process, timeout_s)
            except (OSError, ValueError) as error:
                process.kill()  # half an answer may still arrive: start over
                raise SynthlabError(f"the capture cannot be read: {error}") from None

    def close(self) -> None:
        """Stop it; nothing is left in the container. May be called again."""
        self._closing.set()
        with self._lock:
            process, self._process = self._process, None
        if process is not None:
            end(process)

    def _keep_on(self) -> None:
        while not self._closing.is_set():
            try:
                self._watch(self._start())
            except SynthlabError as error:
                self.problem = self.problem or error.message  # why it ended matters more than why it is not back
            self._closing.wait(AGAIN_S)

    def _start(self) -> subprocess.Popen[bytes]:
        container = self._find()
        arguments = ("ring", self._client, SNAPLEN, KEPT_S, MOST_BYTES, container.number)
        process = self._run(container, "capture", arguments, user="root")
        assert process.stdin
        if sys.platform != "win32":  # on Windows, a mark blocks if the container does not read
            os.set_blocking(process.stdin.fileno(), False)
        with self._lock:
            if self._closing.is_set():
                end(process)
                return process
            self._process = process
            while self._waiting:
                _send(process, self._waiting.popleft())
        return process

    def _watch(self, process: subprocess.Popen[bytes]) -> None:
        """Wait until it exits, with the container or because we closed it."""
        assert process.stderr
        with contextlib.suppress(ValueError):  # closed by us
            output = process.stderr.read()
        with self._lock:
            if self._process is not process:
                return
            self._process = None
            end(process)
        why = last_line(output) or "its container was stopped"
        self.problem = f"the capture ended at {time.strftime('%H:%M:%S', time.gmtime())} UTC: {why}"


def _send(process: subprocess.Popen[bytes], line: bytes) -> None:
    assert process.stdin
    try:
        os.write(process.stdin.fileno(), line)
    except OSError:
        return  # it exited, or is far behind: `_watch` reports why


def _dump(process: subprocess.Popen[bytes], timeout_s: float) -> bytes:
    assert process.stdin
    assert process.stdout
    timer = threading.Timer(timeout_s, process.kill)
    timer.start()
    try:
        os.write(process.stdin.fileno(), b"dump\n")
        (length,) = _LENGTH.unpack(_read(process.stdout, _LENGTH.size))
        return _read(process.stdout, length)
    finally:
        timer.cancel()


def _read(source: IO[bytes], count: int) -> bytes:
    data = source.read(count)
    if len(data) < count:
        raise OSError("it exited, or did not answer in time")
    return data
