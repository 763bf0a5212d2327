"""The events of a lab, as a stream."""

from __future__ import annotations

import asyncio
from typing import Any

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from .. import schemas
from ..endpoint import LabEndpoint, LabRequest
from ..feeds import WRITE_S, Feeds, Listener

STUCK_S = 20.0
"""A listener that takes nothing for so long is dropped."""
HEADERS = {"content-type": "text/event-stream", "cache-control": "no-store"}


class EventStream(Response):
    """Server-sent events until the listener leaves, is stuck, or the server ends."""

    def __init__(self, feeds: Feeds, lab: str, listener: Listener) -> None:
        super().__init__(headers=HEADERS)
        self._feeds = feeds
        self._lab = lab
        self._listener = listener

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        head = [(name, value) for name, value in self.raw_headers if name != b"content-length"]
        leaving = asyncio.create_task(self._wait_until_gone(receive))
        try:
            await send({"type": "http.response.start", "status": 200, "headers": head})
            while not self._listener.ended:
                data = await self._listener.next()
                # A slow reader holds this up, and then gets the newest events only.
                await asyncio.wait_for(send({"type": "http.response.body", "body": data, "more_body": True}), STUCK_S)
                await asyncio.sleep(WRITE_S)
            await send({"type": "http.response.body", "body": b""})
        except (TimeoutError, OSError):
            pass
        finally:
            leaving.cancel()
            self._feeds.leave(self._lab, self._listener)

    async def _wait_until_gone(self, receive: Receive) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        self._listener.end()


async def events(request: LabRequest) -> Any:
    """What happens in the lab, as server-sent events: lab, states, numbers, run, mark."""
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
