"""One connection of an HTTP client: h11 parses its requests, and the application answers one after another.

It replaces uvicorn, which loads a command line, a process manager and OpenSSL into every client.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

import h11
from starlette.types import ASGIApp, Scope

from .exchange import Exchange

MOST_HEAD_BYTES = 64 << 10
MOST_WAITING_BYTES = 64 << 10
IDLE_S = 5.0
"""How long a connection is kept after an answer, if no other request comes."""

STALLED_S = 20.0
"""How long a peer may take nothing of an answer. Else its task and buffers would be kept for ever."""

_REFUSED = b"Invalid HTTP request received."


class ApiConnection(asyncio.Protocol):
    def __init__(self, app: ASGIApp, state: Mapping[str, Any]) -> None:
        """`state` is given to the application with each request."""
        self.writable = asyncio.Event()
        self.writable.set()
        self._app = app
        self._state = state
        self._http = h11.Connection(h11.SERVER, MOST_HEAD_BYTES)
        self._exchange: Exchange | None = None
        self._task: asyncio.Task[None] | None = None
        self._timers: dict[str, asyncio.TimerHandle] = {}

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._ends = {
            "server": _address(transport.get_extra_info("sockname")),
            "client": _address(transport.get_extra_info("peername")),
        }

    def connection_lost(self, exc: Exception | None) -> None:
        for name in list(self._timers):
            self._stop(name)
        self._leave()

    def data_received(self, data: bytes) -> None:
        self._stop("idle")
        self._http.receive_data(data)
        self._read()

    def pause_writing(self) -> None:
        self.writable.clear()
        # Not close(), which waits until the peer has taken the rest.
        self._timers["stalled"] = asyncio.get_running_loop().call_later(STALLED_S, self.abort)

    def resume_writing(self) -> None:
        self._stop("stalled")
        self.writable.set()

    def want_more(self) -> None:
        self._transport.resume_reading()

    def continue_upload(self) -> None:
        if self._http.they_are_waiting_for_100_continue:
            self.write(h11.InformationalResponse(status_code=100, headers=[], reason=b"Continue"))

    def write(self, event: h11.Event) -> None:
        if data := self._http.send(event):
            self._transport.write(data)

    def answered(self) -> None:
        if self._http.our_state is h11.MUST_CLOSE:
            self._transport.close()
            return
        self._timers["idle"] = asyncio.get_running_loop().call_later(IDLE_S, self._transport.close)
        self._transport.resume_reading()
        if self._http.their_state is h11.DONE:
            self._http.start_next_cycle()
            self._read()

    def abort(self) -> None:
        self._transport.abort()

    def _read(self) -> None:
        """Handle what has arrived, up to the end of the request that is being answered."""
        try:
            while not self._transport.is_closing():
                event = self._http.next_event()
                if event is h11.NEED_DATA:
                    return
                if event is h11.PAUSED:  # a further request has come before the answer is complete
                    self._transport.pause_reading()
                    return
                self._handle(event)
        except h11.RemoteProtocolError:
            self._refuse()

    def _handle(self, event: Any) -> None:
        if isinstance(event, h11.Request):
            self._stop("idle")
            self._exchange = Exchange(self._scope(event), self)
            self._task = asyncio.get_running_loop().create_task(self._exchange.answer_request(self._app))
        elif self._http.our_state is h11.DONE:  # the rest of a body that nobody has asked for
            if isinstance(event, h11.EndOfMessage):
                self._http.start_next_cycle()
        elif isinstance(event, h11.Data) and self._exchange:
            self._exchange.add(event.data)
            if self._exchange.waiting > MOST_WAITING_BYTES:
                self._transport.pause_reading()
        elif isinstance(event, h11.EndOfMessage) and self._exchange:
            self._exchange.finish()

    def _scope(self, request: h11.Request) -> Scope:
        raw_path, _, query = request.target.partition(b"?")
        return {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": request.http_version.decode("ascii"),
            **self._ends,
            "scheme": "http",
            "method": request.method.decode("ascii"),
            "root_path": "",
            "path": unquote(raw_path.decode("ascii")),
            "raw_path": raw_path,
            "query_string": query,
            "headers": list(request.headers),
            "state": dict(self._state),
        }

    def _refuse(self) -> None:
        """Answer what is not HTTP, unless an answer has begun, and close."""
        self._leave()
        if self._http.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"connection", b"close")]
            self.write(h11.Response(status_code=400, headers=headers, reason=b"Bad Request"))
            self.write(h11.Data(data=_REFUSED))
            self.write(h11.EndOfMessage())
        self._transport.close()

    def _leave(self) -> None:
        self.writable.set()
        if self._exchange:
            self._exchange.leave()

    def _stop(self, name: str) -> None:
        if timer := self._timers.pop(name, None):
            timer.cancel()


def _address(address: object) -> tuple[str, int] | None:
    """Host and port; None for a socket that has none."""
    return (str(address[0]), int(address[1])) if isinstance(address, tuple) else None
