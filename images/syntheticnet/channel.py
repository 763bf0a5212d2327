"""The control channel between API and forwarder: one JSON request, one JSON answer, over a Unix socket pair.

The kernel accepts no message of several MB, so a long one is split into frames that each carry the message's number.
After a restart in mid-message the number separates the rest of the old message from the next.

PID 1 owns both ends, so either side can be restarted; a socket pair has no path that the application could open. The
API's end is `api/control_client.py`.
"""

from __future__ import annotations

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
FILE_PIECE = 1 << 16
"""Bytes of a file per message: a longer one would hold up packets."""
ANSWER_S = 1
WORK_SECONDS = 4.0  # a thousand flows or a long trace keep the forwarder busy for a moment
_HEAD = Struct("!Q?")  # message number, and whether more frames follow
_SO_SNDBUFFORCE = 32


class Unanswered(Exception):
    """The forwarder did not answer in time: it is busy, starting or dead."""


class RequestRefused(ValueError):
    """The forwarder refused the request and changed nothing; the message is one line."""


def make_pair() -> tuple[socket.socket, socket.socket]:
    """The forwarder's and the API's end; buffers for messages of `MESSAGE_BYTES` require NET_ADMIN."""
    pair = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    for end in pair:
        end.setsockopt(socket.SOL_SOCKET, _SO_SNDBUFFORCE, MESSAGE_BYTES)
        end.setblocking(False)
    return pair


def frames(number: int, message: bytes) -> Iterator[bytes]:
    """A message split into frames."""
    room = FRAME_BYTES - _HEAD.size
    for start in range(0, len(message), room):
        yield _HEAD.pack(number, start + room < len(message)) + message[start : start + room]


def is_answered(end: socket.socket) -> bool:
    """Whether the forwarder answers, asked on the API's end while no API is running."""
    expires = time.monotonic_ns() + ANSWER_S * 1_000_000_000
    with suppress(BlockingIOError):
        for frame in frames(0, json.dumps({"id": 0, "expires": expires, "op": "report"}).encode()):
            end.send(frame)
    return bool(select.select([end], [], [], ANSWER_S)[0] and end.recv(MESSAGE_BYTES))


class Reassembly:
    """A partly received message; it is dropped if another message starts before it is complete."""

    def __init__(self) -> None:
        self._number: int | None = None
        self._parts: list[bytes] = []

    def add(self, frame: bytes) -> bytes | None:
        """The message that this frame completes; None if more frames follow."""
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
        self._reassembly = Reassembly()

    def fileno(self) -> int:
        return self._end.fileno()

    def serve(self) -> None:
        """Read one frame; answer once the request is complete.

        An expired request is dropped: its sender has already reported a timeout, so it must not take effect later.
        """
        try:
            message = self._reassembly.add(self._end.recv(FRAME_BYTES))
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
        with suppress(BlockingIOError):  # the API has stopped reading, and its timeout reports that
            for frame in frames(message["id"], dumps(message).encode()):
                self._end.send(frame)
