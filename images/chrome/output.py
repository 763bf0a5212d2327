"""Copies a program's output to our log line by line, holding back lines that matter only if it fails."""

import asyncio
import os
import re
import sys
from collections import deque
from contextlib import suppress
from typing import Self

_KEPT = 20
_MOST_LINE = 16_384
_LAST_WORDS_S = 0.2


class Output(asyncio.Protocol):
    """Output of one program. The last lines that match `hushed` are held in case it fails."""

    def __init__(self, hushed: re.Pattern[str]) -> None:
        self._hushed = hushed
        self._held: deque[str] = deque(maxlen=_KEPT)
        self._rest = b""
        self._over = asyncio.Event()

    @classmethod
    async def open(cls, hushed: re.Pattern[str]) -> tuple[Self, int]:
        """Also returns the file descriptor to write to; the caller closes it."""
        reading, writing = os.pipe()
        output = cls(hushed)
        await asyncio.get_running_loop().connect_read_pipe(lambda: output, os.fdopen(reading, "rb", 0))
        return output, writing

    def data_received(self, data: bytes) -> None:
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            self._write(line)
        if len(self._rest) > _MOST_LINE:
            self._write(self._rest)
            self._rest = b""

    def connection_lost(self, error: Exception | None) -> None:
        if self._rest:
            self._write(self._rest)
        self._over.set()

    async def flush(self) -> None:
        """Log the held lines once the program has exited.

        Waits for end of file only briefly, because a grandchild may keep the pipe open.
        """
        with suppress(TimeoutError):
            await asyncio.wait_for(self._over.wait(), _LAST_WORDS_S)
        while self._held:
            _print(self._held.popleft())

    def _write(self, line: bytes) -> None:
        text = line.decode(errors="replace")
        if self._hushed.fullmatch(text):
            self._held.append(text)
        else:
            _print(text)


def _print(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
