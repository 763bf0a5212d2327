"""What changes, as a stream of server-sent events."""

from __future__ import annotations

import asyncio

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from ...conditions import ConditionsError, refuse_unknown
from ..answer_shapes import EVENTS
from ..endpoint import Content, Endpoint
from ..event_hub import MOST_READERS, EventHub
from ..event_stream import EventReader
from ..parameter_shapes import ONLY

PATH = "/v1/events"
MEDIA_TYPE = "text/event-stream"
HEADERS = {"cache-control": "no-store"}


class EventsEndpoint:
    def __init__(self, hub: EventHub) -> None:
        self._hub = hub

    def table(self) -> tuple[Endpoint, ...]:
        summary = "state, samples and traffic each second, as server-sent events; `?only=state,traffic` limits them"
        return (Endpoint("GET", PATH, self.get, summary, None, Content(EVENTS, MEDIA_TYPE), (ONLY,)),)

    async def get(self, request: Request) -> Response:
        wanted = self._wanted(request)
        if request.method == "HEAD":  # a stream without a body would never end
            return Response(headers=HEADERS, media_type=MEDIA_TYPE)
        if self._hub.is_full:
            raise HTTPException(503, f"{PATH}: {MOST_READERS} streams are open, and no more are allowed; close one")
        return _EventResponse(self._hub, self._hub.join(wanted, request.state.may_change))

    def _wanted(self, request: Request) -> tuple[str, ...]:
        refuse_unknown(request.query_params, ("only",), "parameter")
        only = request.query_params.get("only")
        if only is None:
            return self._hub.names
        try:
            refuse_unknown(only.split(","), self._hub.names, "event")
        except ConditionsError as error:
            raise error.under("only") from None
        return tuple(only.split(","))


class _EventResponse(StreamingResponse):
    """Ends with its connection: the reader then leaves."""

    def __init__(self, hub: EventHub, reader: EventReader) -> None:
        super().__init__(reader.stream(), headers=HEADERS, media_type=MEDIA_TYPE)
        self._hub = hub
        self._reader = reader

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        # Not Starlette's own way: it would load parts of anyio now, when the application may have altered these files.
        tasks = [
            asyncio.ensure_future(self.stream_response(send)),
            asyncio.ensure_future(self.listen_for_disconnect(receive)),
        ]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            for task in tasks:
                task.cancel()
            self._hub.leave(self._reader)
