"""One reader of events: the latest of each kind that it has not read yet, and how these are written."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Iterator
from contextlib import suppress
from typing import Any

HEARTBEAT_S = 15.0
PIECE_BYTES = 1 << 16
_HEARTBEAT = b":\n\n"
_RETRY = b"retry: 1000\n\n"


class ServerEvent:
    """One event for all readers. It is written when the first of them takes it, and all share these bytes."""

    def __init__(self, name: str, write: Callable[[], bytes], may_change: bool | None = None) -> None:
        """`write` returns the data, JSON without line breaks.

        Some events are for those readers only that may change conditions, or (False) only for those that may not.
        """
        self.name = name
        self.may_change = may_change
        self._write = write
        self._text: bytes | None = None

    @classmethod
    def of(cls, name: str, value: Any) -> ServerEvent:
        return cls(name, lambda: json.dumps(value).encode())

    @property
    def text(self) -> bytes:
        # Not before: serializing the state of 1000 flows takes 13 ms, for nothing if nobody wants it.
        if self._text is None:
            self._text = b"event: %s\ndata: %s\n\n" % (self.name.encode(), self._write())
        return self._text


class EventReader:
    """An event that is not read in time is replaced by the next of its name, so a slow reader never has a backlog."""

    def __init__(self, wanted: Collection[str], may_change: bool = True) -> None:
        self.wanted = frozenset(wanted)
        self._may_change = may_change
        self._pending: dict[str, ServerEvent] = {}
        self._ended = False
        self._woken = asyncio.Event()

    def put(self, event: ServerEvent) -> None:
        if event.name in self.wanted and event.may_change in (None, self._may_change):
            self._pending[event.name] = event
            self._woken.set()

    def end(self) -> None:
        """End the stream once what is pending is read."""
        self._ended = True
        self._woken.set()

    def take(self) -> list[ServerEvent]:
        """Everything pending."""
        pending, self._pending = self._pending, {}
        return list(pending.values())

    async def stream(self) -> AsyncIterator[bytes]:
        """The stream in pieces; the next one is asked for once the connection has room for it.

        After 15 s without an event comes a comment: a sign of life, without which proxies close the connection.
        """
        yield _RETRY
        while not self._ended:
            await wait_for(self._woken, HEARTBEAT_S)
            self._woken.clear()
            events = self.take()
            for piece in pieces(event.text for event in events) if events else (_HEARTBEAT,):
                yield piece


async def wait_for(event: asyncio.Event, seconds: float) -> None:
    """Wait until the event is set, at most so long."""
    with suppress(TimeoutError):
        await asyncio.wait_for(event.wait(), seconds)


def pieces(texts: Iterable[bytes]) -> Iterator[bytes]:
    """Short texts together and long ones cut, so that no connection buffers a copy of a whole long one."""
    joined = b""
    for text in texts:
        if len(joined) + len(text) <= PIECE_BYTES:
            joined += text
            continue
        if joined:
            yield joined
        joined = b""
        for start in range(0, len(text), PIECE_BYTES):
            yield text[start : start + PIECE_BYTES]
    if joined:
        yield joined
