"""A Janus session: matches answers to requests and events to handles.

Protocol: https://janus.conf.meetecho.com/docs/rest.html, over a WebSocket. The caller feeds messages to `receive`.
"""

import asyncio
import itertools
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, NoReturn

Message = dict[str, Any]
PLUGIN = "janus.plugin.videoroom"

_ANSWER_S = 10.0
_KEEPALIVE_S = 10.0
_SILENCE_S = 30.0  # TCP's backoff takes up to 30 s to recover from an outage of 15 s


class JanusError(Exception):
    """Janus or its plugin answered with an error; the text is theirs."""


class Over(Exception):
    """The session has ended; the text is the reason."""


@dataclass
class _Waiting:
    kind: str
    answer: asyncio.Future[Message]


class Session:
    def __init__(self, send: Callable[[Message], Awaitable[None]]) -> None:
        self._send = send
        self._id: int | None = None
        self._waiting: dict[str, _Waiting] = {}
        self._handles: dict[int, Callable[[Message], None]] = {}
        self._count = itertools.count(1)

    async def create(self) -> None:
        self._id = (await self._request({"janus": "create"}))["data"]["id"]

    async def attach(self, plugin: str, on_event: Callable[[Message], None]) -> "Handle":
        """A new handle to a plugin; `on_event` receives its unsolicited events."""
        handle: int = (await self._request({"janus": "attach", "plugin": plugin}))["data"]["id"]
        self._handles[handle] = on_event
        return Handle(self, handle)

    async def keep_alive(self) -> NoReturn:
        """Send keepalives; raises TimeoutError when one is not answered within 30 s."""
        while True:
            await asyncio.sleep(_KEEPALIVE_S)
            await self._request({"janus": "keepalive"}, _SILENCE_S)

    def receive(self, message: Message) -> None:
        """Dispatch a message; raises Over if it ends the session."""
        waiting = self._waiting.get(message.get("transaction", ""))
        if message["janus"] == "timeout":
            raise Over("the server ended the session")
        if waiting is None:
            if on_event := self._handles.get(message.get("sender", 0)):
                on_event(message)
        elif message["janus"] == "ack" and waiting.kind == "message":
            pass  # the plugin's answer follows as an event with the same transaction
        elif not waiting.answer.done():
            _settle(waiting.answer, message)

    async def _request(self, message: Message, timeout: float = _ANSWER_S) -> Message:
        transaction = str(next(self._count))
        waiting = _Waiting(message["janus"], asyncio.get_running_loop().create_future())
        self._waiting[transaction] = waiting
        address = {} if self._id is None else {"session_id": self._id}
        try:
            await self._send({**message, **address, "transaction": transaction})
            return await asyncio.wait_for(waiting.answer, timeout)
        finally:
            del self._waiting[transaction]

    async def _ask(self, handle: int, message: Message) -> Message:
        return await self._request({**message, "handle_id": handle})

    def _forget(self, handle: int) -> None:
        self._handles.pop(handle, None)


class Handle:
    """A handle to a plugin."""

    def __init__(self, session: Session, number: int) -> None:
        self._session = session
        self._number = number

    async def ask(self, jsep: Message | None = None, **body: Any) -> tuple[Message, Message]:
        """Send a request; return the answer's data and its session description, or {}."""
        message: Message = {"janus": "message", "body": body}
        if jsep:
            message["jsep"] = jsep
        answer = await self._session._ask(self._number, message)
        return answer["plugindata"]["data"], answer.get("jsep", {})

    async def detach(self) -> None:
        self._session._forget(self._number)
        await self._session._ask(self._number, {"janus": "detach"})


def _settle(answer: asyncio.Future[Message], message: Message) -> None:
    plugin = message.get("plugindata", {}).get("data", {})
    if reason := message.get("error", {}).get("reason") or plugin.get("error"):
        answer.set_exception(JanusError(reason))
    else:
        answer.set_result(message)
