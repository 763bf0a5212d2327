"""The heartbeat of a process of ours: PID 1 asks, and the process answers as long as its loop goes round.

A question carries what PID 1 has seen, for whoever asks the process about itself.
"""

from __future__ import annotations

import json
import socket
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

MESSAGE_BYTES = 4096


class Pulse:
    """Both ends: PID 1 owns them, so that a process that is restarted takes over the one before it."""

    def __init__(self) -> None:
        self._asking, self._answering = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        for end in (self._asking, self._answering):
            end.setblocking(False)
        self.news: Mapping[str, Any] = {}

    def close(self) -> None:
        self._asking.close()
        self._answering.close()

    def ask(self, news: Mapping[str, Any]) -> None:
        """PID 1's question; never waits."""
        self.news = news
        with suppress(BlockingIOError):
            self._asking.send(json.dumps(news).encode())

    def answered(self) -> bool:
        """Whether an answer has come since this was asked last."""
        count = 0
        with suppress(BlockingIOError):
            while self._asking.recv(1):
                count += 1
        return count > 0

    def fileno(self) -> int:
        """What is readable when there is a question."""
        return self._answering.fileno()

    def answer(self) -> None:
        """The process's answer to all that was asked; keeps the last news."""
        with suppress(BlockingIOError):
            while question := self._answering.recv(MESSAGE_BYTES):
                self.news = json.loads(question)
                self._answering.send(b"1")
