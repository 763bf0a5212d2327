"""The wire between API and forwarder: one JSON request, one JSON answer, over a Unix socket pair.

The kernel takes no message of several MB, so that a long one goes in several frames, each with the message's number.

PID 1 owns both ends, so that either side may be restarted, and no file stands for it that an application could open.
"""

from __future__ import annotations

import asyncio
import json
import select
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from struct import Struct
from typing import Any

from .chunked_json import dumps, loads

MESSAGE_BYTES = 8 << 20
FRAME_BYTES = 128 << 10
ANSWER_S = 1
_HEAD = Struct("!Q?")  # the number of the message, and whether more of it follows
UNANSWERED = "the forwarder does not answer: it is busy, or is restarted within three seconds"
_SO_SNDBUFFORCE = 32


class Unanswered(Exception):
    """The forwarder did not answer in time: it is starting, or gone."""


class RequestRefused(ValueError):
    """The forwarder cannot do what was asked; it says why in one line, and has changed nothing."""


def make_pair() -> tuple[socket.socket, socket.socket]:
    """The forwarder's end and the API's; needs NET_ADMIN for messages of `MESSAGE_BYTES`."""
    pair = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    for end in pair:
        end.setsockopt(socket.SOL_SOCKET, _SO_SNDBUFFORCE, MESSAGE_BYTES)
        end.setblocking(False)
    return pair


def frames(number: int, message: bytes) -> Iterator[bytes]:
    """A message as it goes over the wire."""
    room = FRAME_BYTES - _HEAD.size
    for start in range(0, len(message), room):
        yield _HEAD.pack(number, start + room < len(message)) + message[start : start + room]


def is_answered(end: socket.socket) -> bool:
    """Whether the forwarder answers at the API's end, where there is no API to ask it."""
    expires = time.monotonic_ns() + ANSWER_S * 1_000_000_000
    with suppress(BlockingIOError):
        for frame in frames(0, json.dumps({"id": 0, "expires": expires, "op": "report"}).encode()):
            end.send(frame)
    return bool(select.select([end], [], [], ANSWER_S)[0] and end.recv(MESSAGE_BYTES))


class _Coming:
    """The beginning of a message; what was never finished is dropped when the next one begins."""

    def __init__(self) -> None:
        self._number: int | None = None
        self._parts: list[bytes] = []

    def whole(self, frame: bytes) -> bytes | None:
        """The message that ends with this frame; None while more of it is to come."""
        number, more = _HEAD.unpack_from(frame)
        if number != self._number:
            self._number, self._parts = number, []
        self._parts.append(frame[_HEAD.size :])
        if more:
            return None
        message, self._number, self._parts = b"".join(self._parts), None, []
        return message


class ControlServer:
    """The forwarder's end."""

    def __init__(self, end: socket.socket, answer: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
        self._end = end
        self._answer = answer
        self._coming = _Coming()

    def fileno(self) -> int:
        return self._end.fileno()

    def serve(self) -> None:
        """Take what has come, and answer a request that is whole.

        One that has expired was given up by its sender, and must not take effect.
        """
        try:
            message = self._coming.whole(self._end.recv(FRAME_BYTES))
        except BlockingIOError:
            return
        if message is None:
            return
        request = loads(message)
        if request["expires"] > time.monotonic_ns():
            self._reply({"id": request["id"], **self._outcome(request)})

    def _outcome(self, request: dict[str, Any]) -> dict[str, Any]:
        try:
            return {"result": self._answer(request)}
        except ValueError as error:
            return {"error": str(error)}

    def _reply(self, message: dict[str, Any]) -> None:
        with suppress(BlockingIOError):  # the API has stopped reading: its time-out says so to whoever asked
            for frame in frames(message["id"], dumps(message).encode()):
                self._end.send(frame)


class ControlClient:
    """The API's end."""

    def __init__(self, end: socket.socket) -> None:
        self._end = end
        self._coming = _Coming()
        self._lock = asyncio.Lock()
        self._id = time.monotonic_ns()

    async def ask(self, op: str, seconds: float = 1.0, **arguments: Any) -> dict[str, Any]:
        """The forwarder's answer; raises Unanswered after `seconds`, or RequestRefused."""
        async with self._lock:
            self._id += 1
            expires = time.monotonic_ns() + int(seconds * 1e9)
            request = {"id": self._id, "expires": expires, "op": op, **arguments}
            try:
                answer = await asyncio.wait_for(self._exchange(request), seconds)
            except TimeoutError:
                raise Unanswered(UNANSWERED) from None
        if "error" in answer:
            raise RequestRefused(answer["error"])
        result: dict[str, Any] = answer["result"]
        return result

    async def _exchange(self, request: dict[str, Any]) -> dict[str, Any]:
        loop = asyncio.get_running_loop()
        message = json.dumps(request).encode()
        if len(message) > MESSAGE_BYTES:
            raise RequestRefused(
                f"{len(message)} bytes are more than the {MESSAGE_BYTES} that the forwarder takes at once"
            )
        for frame in frames(request["id"], message):
            await loop.sock_sendall(self._end, frame)
        while True:
            whole = self._coming.whole(await loop.sock_recv(self._end, FRAME_BYTES))
            if whole is None:
                continue
            answer: dict[str, Any] = json.loads(whole)
            if answer["id"] == request["id"]:  # older ones answer requests that were given up
                return answer
