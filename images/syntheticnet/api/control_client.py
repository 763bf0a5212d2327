"""The API's end of the control channel: requests of the forwarder."""

from __future__ import annotations

import asyncio
import json
import socket
import time
from typing import Any

from ..channel import FRAME_BYTES, MESSAGE_BYTES, Reassembly, RequestRefused, Unanswered, frames

UNANSWERED = "the forwarder does not answer: it is busy or restarting; try again in three seconds"


class ControlClient:
    """The API's end."""

    def __init__(self, end: socket.socket) -> None:
        self._end = end
        self._reassembly = Reassembly()
        # One request at a time, as `_exchange` discards every answer that is not its own.
        self._lock = asyncio.Lock()
        # Never used before, also not by an API before a restart, whose answers may still arrive.
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
            raise RequestRefused(f"the request is too long: {len(message)} bytes; at most {MESSAGE_BYTES} are allowed")
        for frame in frames(request["id"], message):
            await loop.sock_sendall(self._end, frame)
        while True:
            received = self._reassembly.add(await loop.sock_recv(self._end, FRAME_BYTES))
            if received is None:
                continue
            answer: dict[str, Any] = json.loads(received)
            if answer["id"] == request["id"]:  # earlier answers belong to requests that timed out
                return answer
