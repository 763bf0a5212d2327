"""A Janus session; the test plays the server."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from bot.janus.session import PLUGIN, Handle, JanusError, Message, Over, Session


class Wire:
    """A session and the messages it sent."""

    def __init__(self) -> None:
        self.sent: list[Message] = []
        self.session = Session(self._send)

    async def _send(self, message: Message) -> None:
        self.sent.append(message)

    async def answered(self, request: Awaitable[Any], *answers: Message) -> Any:
        """The request's result after the server has sent these answers."""
        task = asyncio.ensure_future(request)
        await asyncio.sleep(0)
        for answer in answers:
            assert not task.done()
            self.session.receive({**answer, "transaction": self.sent[-1]["transaction"]})
            await asyncio.sleep(0)
        return await asyncio.wait_for(task, 1)

    async def created(self) -> None:
        await self.answered(self.session.create(), {"janus": "success", "data": {"id": 11}})

    async def attached(self, heard: Callable[[Message], None]) -> Handle:
        await self.created()
        attaching = self.session.attach(PLUGIN, heard)
        handle: Handle = await self.answered(attaching, {"janus": "success", "data": {"id": 22}})
        return handle


def plugin_event(**data: Any) -> Message:
    return {"janus": "event", "sender": 22, "plugindata": {"plugin": PLUGIN, "data": data}}


def test_event_answers_not_ack() -> None:
    """A plugin's answer is the event that follows with the same transaction, not the ack before it."""

    async def play() -> None:
        wire = Wire()
        handle = await wire.attached(lambda message: None)
        answer = {**plugin_event(videoroom="joined"), "jsep": {"type": "offer"}}
        data, jsep = await wire.answered(handle.ask(request="join"), {"janus": "ack"}, answer)
        assert (data, jsep) == ({"videoroom": "joined"}, {"type": "offer"})
        assert wire.sent[-1]["body"] == {"request": "join"}
        assert (wire.sent[-1]["session_id"], wire.sent[-1]["handle_id"]) == (11, 22)

    asyncio.run(play())


def test_answers_out_of_order() -> None:
    """Each answer goes to its request, in any order."""

    async def play() -> None:
        wire = Wire()
        handle = await wire.attached(lambda message: None)
        asks = [asyncio.ensure_future(handle.ask(request=name)) for name in ("a", "b")]
        await asyncio.sleep(0)
        for request in reversed(wire.sent[-2:]):
            event = plugin_event(of=request["body"]["request"])
            wire.session.receive({**event, "transaction": request["transaction"]})
        assert [data["of"] for data, _ in await asyncio.gather(*asks)] == ["a", "b"]

    asyncio.run(play())


@pytest.mark.parametrize(
    "answer",
    [
        {"janus": "error", "error": {"code": 458, "reason": "No such session"}},
        plugin_event(videoroom="event", error_code=426, error="No such session"),
    ],
)
def test_refusals(answer: Message) -> None:
    """An error of Janus or of the plugin is raised to the caller."""

    async def play() -> None:
        wire = Wire()
        handle = await wire.attached(lambda message: None)
        with pytest.raises(JanusError, match="No such session"):
            await wire.answered(handle.ask(request="join"), answer)

    asyncio.run(play())


def test_events_find_their_handle() -> None:
    """Unsolicited events go to their handle, and nowhere once it is detached."""

    async def play() -> None:
        heard: list[Message] = []
        wire = Wire()
        handle = await wire.attached(heard.append)
        event = plugin_event(videoroom="event", leaving=5)
        wire.session.receive(event)
        wire.session.receive({**event, "sender": 33})
        await wire.answered(handle.detach(), {"janus": "success"})
        wire.session.receive(event)
        assert heard == [event]

    asyncio.run(play())


def test_end_of_the_session() -> None:
    """A session ended by the server raises Over with the reason."""

    async def play() -> None:
        wire = Wire()
        await wire.created()
        with pytest.raises(Over, match="the server ended the session"):
            wire.session.receive({"janus": "timeout", "session_id": 11})

    asyncio.run(play())


def test_late_answer() -> None:
    """An answer that arrives after its request timed out is ignored."""

    async def play() -> None:
        wire = Wire()
        handle = await wire.attached(lambda message: None)
        ask = asyncio.ensure_future(handle.ask(request="join"))
        await asyncio.sleep(0)
        ask.cancel()
        await asyncio.gather(ask, return_exceptions=True)
        wire.session.receive({**plugin_event(), "transaction": wire.sent[-1]["transaction"]})

    asyncio.run(play())
