"""Heartbeats of the child processes: PID 1 asks, and a child answers from its event loop while that still runs.

Each request carries PID 1's view of all children, so that a child can include it in its own reports.
"""

from __future__ import annotations

import json
import socket
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

MESSAGE_BYTES = 4096


class Pulse:
    """Both ends of one child's heartbeat socket.

    PID 1 owns both, so a restarted child inherits the socket. The child's end is polled by its main loop rather than a
    thread: an answer shows that the loop still runs, not only that the process exists.
    """

    def __init__(self) -> None:
        self._asking, self._answering = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        for end in (self._asking, self._answering):
            end.setblocking(False)
        self.news: Mapping[str, Any] = {}

    def close(self) -> None:
        self._asking.close()
        self._answering.close()

    def ask(self, news: Mapping[str, Any]) -> None:
        """Send PID 1's request; never blocks."""
        self.news = news
        # If the child has not read for long, the socket is full; the requests it holds already show the hang.
        with suppress(BlockingIOError):
            self._asking.send(json.dumps(news).encode())

    def answered(self) -> bool:
        """Whether an answer has arrived since the last call."""
        count = 0
        with suppress(BlockingIOError):
            while self._asking.recv(1):
                count += 1
        return count > 0

    def fileno(self) -> int:
        """Readable when there is a request."""
        return self._answering.fileno()

    def answer(self) -> None:
        """Answer all pending requests; keeps the latest news."""
        with suppress(BlockingIOError):
            while request := self._answering.recv(MESSAGE_BYTES):
                self.news = json.loads(request)
                self._answering.send(b"1")
