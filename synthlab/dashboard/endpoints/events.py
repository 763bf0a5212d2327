"""The events of a lab, as a stream."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from starlette.types import Receive, Scope, Send

from .. import schemas
from ..endpoint import LabEndpoint, LabRequest
from ..feeds import WRITE_S, Feeds, Listener
from ..stream import Stream

HEADERS = {"content-type": "text/event-stream", "cache-control": "no-store"}


class EventStream(Stream):
    """Server-sent events until the listener leaves, is stuck, or the server ends."""

    def __init__(self, feeds: Feeds, lab: str, listener: Listener) -> None:
        super().__init__(HEADERS)
        self._feeds = feeds
        self._lab = lab
        self._listener = listener

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._feeds.leave(self._lab, self._listener)

    async def pieces(self) -> AsyncIterator[bytes]:
        while not self._listener.ended:
            # A slow reader holds this up, and then gets the newest events only.
            yield await self._listener.next()
            await asyncio.sleep(WRITE_S)

    def end(self) -> None:
        self._listener.end()


async def events(request: LabRequest) -> Any:
    """What happens in the lab, as server-sent events: lab, states, numbers, probes, run, mark."""
    name = request.path["lab"]
    await asyncio.to_thread(request.lab)
    return EventStream(request.dashboard.feeds, name, request.dashboard.feeds.listen(name))


TABLE = (
    LabEndpoint(
        method="GET",
        path="/v1/labs/{lab}/events",
        handler=events,
        is_async=True,
        media="text/event-stream",
        answer=schemas.text("events; the data of each is JSON"),
    ),
)
