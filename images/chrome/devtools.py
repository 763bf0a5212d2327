"""Client of Chromium's DevTools protocol: commands, results and events over one WebSocket.

https://chromedevtools.github.io/devtools-protocol/
"""

import asyncio
import itertools
import json
from collections.abc import AsyncIterator
from typing import Any, NamedTuple, Protocol

Message = dict[str, Any]


class DevToolsEvent(NamedTuple):
    session: str | None
    """The session of the target; None: the browser itself."""
    name: str
    params: Message


class Socket(Protocol):
    async def send(self, message: str) -> None: ...

    def __aiter__(self) -> AsyncIterator[str | bytes]: ...


class DevToolsError(Exception):
    """Chromium answered a command with an error, often because its target has just closed."""


class Devtools:
    def __init__(self, socket: Socket) -> None:
        self._socket = socket
        self._waiting: dict[int, asyncio.Future[Message]] = {}
        self._ids = itertools.count(1)

    async def call(self, method: str, session: str | None = None, **params: Any) -> Message:
        """The command's result; completes only while `events` is being read. Raises DevToolsError."""
        number = next(self._ids)
        answer: asyncio.Future[Message] = asyncio.get_running_loop().create_future()
        self._waiting[number] = answer
        message: Message = {"id": number, "method": method, "params": params}
        if session:
            message["sessionId"] = session
        try:
            await self._socket.send(json.dumps(message))
            return await answer
        finally:
            del self._waiting[number]

    async def events(self) -> AsyncIterator[DevToolsEvent]:
        """Yield browser events until the connection closes."""
        async for text in self._socket:
            message = json.loads(text)
            if "id" in message:
                self._answer(message)
            else:
                yield DevToolsEvent(message.get("sessionId"), message["method"], message["params"])

    def _answer(self, message: Message) -> None:
        answer = self._waiting.get(message["id"])
        if answer is None or answer.done():
            return
        if "error" in message:
            answer.set_exception(DevToolsError(message["error"]["message"]))
        else:
            answer.set_result(message["result"])
