"""One HTTP request and its answer, as the application sees them (ASGI)."""

from __future__ import annotations

import asyncio
import sys
import traceback
from http import HTTPStatus
from typing import Protocol

import h11
from starlette.types import ASGIApp, Message, Scope

_PHRASES = {status.value: status.phrase.encode() for status in HTTPStatus}


class ExchangeConnection(Protocol):
    """The connection, as one exchange uses it."""

    writable: asyncio.Event

    def want_more(self) -> None:
        """Read on, if reading was paused."""

    def continue_upload(self) -> None:
        """Let a peer that waits for 100 Continue send the body."""

    def write(self, event: h11.Event) -> None: ...

    def answered(self) -> None:
        """The answer is complete."""

    def abort(self) -> None: ...


class Exchange:
    """What the application receives of a request, and sends as its answer."""

    def __init__(self, scope: Scope, connection: ExchangeConnection) -> None:
        self._scope = scope
        self._connection = connection
        self._body = bytearray()
        self._more = True
        self._news = asyncio.Event()
        self._begun = False
        self._ended = False
        self.gone = False

    @property
    def waiting(self) -> int:
        """Bytes of the body that the application has not received yet."""
        return len(self._body)

    def add(self, data: bytes) -> None:
        """More of the body has arrived."""
        self._body += data
        self._news.set()

    def finish(self) -> None:
        """All of the body has arrived."""
        self._more = False
        self._news.set()

    def leave(self) -> None:
        """Nobody waits for the answer any more."""
        self.gone = True
        self._news.set()

    async def answer_request(self, app: ASGIApp) -> None:
        """Let the application answer; if it fails, say so in the log and, if nothing was sent yet, with a 500."""
        try:
            await app(self._scope, self._receive, self._send)
        except Exception:
            print(f"synthlab: {self._scope['method']} {self._scope['path']!r} failed:", file=sys.stderr)
            traceback.print_exc()
        if self.gone or self._ended:
            return
        if self._begun:
            self._connection.abort()
        else:
            headers = [(b"content-length", b"0"), (b"connection", b"close")]
            await self._send({"type": "http.response.start", "status": 500, "headers": headers})
            await self._send({"type": "http.response.body"})

    async def _receive(self) -> Message:
        if not self.gone and not self._ended:
            self._connection.want_more()
            self._connection.continue_upload()
            await self._news.wait()
            self._news.clear()
        if self.gone or self._ended:
            return {"type": "http.disconnect"}
        body, self._body = bytes(self._body), bytearray()
        return {"type": "http.request", "body": body, "more_body": self._more}

    async def _send(self, message: Message) -> None:
        await self._connection.writable.wait()
        if self.gone:
            return
        if message["type"] == "http.response.start":
            status = message["status"]
            self._begun = True
            self._connection.write(
                h11.Response(status_code=status, headers=message["headers"], reason=_PHRASES.get(status, b""))
            )
            return
        if self._scope["method"] != "HEAD":
            self._connection.write(h11.Data(data=message.get("body", b"")))
        if not message.get("more_body", False):
            self._connection.write(h11.EndOfMessage())
            self._ended = True
            self._news.set()
            self._connection.answered()
