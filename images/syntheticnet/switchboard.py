"""The wire between API and forwarder: one JSON request, one JSON answer, each a message of a Unix socket pair.

PID 1 owns both ends, so that either side may be restarted, and no file stands for it that an application could open.
"""

from __future__ import annotations

import asyncio
import json
import select
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from .pieces import dumps, loads

MESSAGE_BYTES = 8 << 20
UNANSWERED = "the forwarder does not answer: it is busy, or is restarted within three seconds"
_SO_SNDBUFFORCE = 32


class Unanswered(Exception):
    """The forwarder did not answer in time: it is starting, or gone."""


class Refused(ValueError):
    """The forwarder cannot do what was asked; it says why in one line, and has changed nothing."""


def make_pair() -> tuple[socket.socket, socket.socket]:
    """The forwarder's end and the API's; needs NET_ADMIN for messages of `MESSAGE_BYTES`."""
    pair = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    for end in pair:
        end.setsockopt(socket.SOL_SOCKET, _SO_SNDBUFFORCE, MESSAGE_BYTES)
        end.setblocking(False)
    return pair


def is_answered(end: socket.socket, seconds: float = 1.0) -> bool:
    """Whether the forwarder answers at the API's end, where there is no API to ask it."""
    expires = time.monotonic_ns() + int(seconds * 1e9)
    with suppress(BlockingIOError):
        end.send(json.dumps({"id": 0, "expires": expires, "op": "report"}).encode())
    return bool(select.select([end], [], [], seconds)[0] and end.recv(MESSAGE_BYTES))


class Switchboard:
    """The forwarder's end."""

    def __init__(self, end: socket.socket, answer: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
        self._end = end
        self._answer = answer

    def fileno(self) -> int:
        return self._end.fileno()

    def serve(self) -> None:
        """Answer one request; one that has expired was given up by its sender, and must not take effect."""
        try:
            request = loads(self._end.recv(MESSAGE_BYTES))
        except BlockingIOError:
            return
        if request["expires"] > time.monotonic_ns():
            self._reply({"id": request["id"], **self._outcome(request)})

    def _outcome(self, request: dict[str, Any]) -> dict[str, Any]:
        try:
            return {"result": self._answer(request)}
        except ValueError as error:
            return {"error": str(error)}

    def _reply(self, message: dict[str, Any]) -> None:
        with suppress(BlockingIOError):  # the API has stopped reading: its time-out says so to whoever asked
            self._end.send(dumps(message).encode())


class Line:
    """The API's end."""

    def __init__(self, end: socket.socket) -> None:
        self._end = end
        self._lock = asyncio.Lock()
        self._id = time.monotonic_ns()

    async def ask(self, op: str, seconds: float = 1.0, **arguments: Any) -> dict[str, Any]:
        """The forwarder's answer; raises Unanswered after `seconds`, or Refused."""
        async with self._lock:
            self._id += 1
            expires = time.monotonic_ns() + int(seconds * 1e9)
            request = {"id": self._id, "expires": expires, "op": op, **arguments}
            try:
                answer = await asyncio.wait_for(self._exchange(request), seconds)
            except TimeoutError:
                raise Unanswered(
                    "the forwarder does not answer: it is busy, or is restarted within three seconds"
                ) from None
        if "error" in answer:
            raise Refused(answer["error"])
        result: dict[str, Any] = answer["result"]
        return result

    async def _exchange(self, request: dict[str, Any]) -> dict[str, Any]:
        loop = asyncio.get_running_loop()
        message = json.dumps(request).encode()
        if len(message) > MESSAGE_BYTES:
            raise Refused(f"{len(message)} bytes are more than the {MESSAGE_BYTES} that the forwarder takes at once")
        await loop.sock_sendall(self._end, message)
        while True:
            answer: dict[str, Any] = json.loads(await loop.sock_recv(self._end, MESSAGE_BYTES))
            if answer["id"] == request["id"]:  # older ones answer requests that were given up
                return answer
