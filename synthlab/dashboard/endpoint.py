"""One row of the lab API's table: a method and a path, what is sent and returned, and the function that answers."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from ..control.container_lookup import find_member
from ..control.running_lab import RunningLab
from ..engine.containers import Container
from ..errors import WrongUse
from ..text.escaping import json_text
from .failures import NotThere, failure
from .schemas import Schema, check, fields

if TYPE_CHECKING:
    from .dashboard import Dashboard

MOST_BODY_BYTES = 1 << 20
MOST_NESTED = 16
EVERY_METHOD = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


@dataclass(frozen=True, slots=True)
class LabRequest:
    """One request: the values in its path and its query, and its body, all checked."""

    dashboard: Dashboard
    http: Request
    path: Mapping[str, str]
    query: Mapping[str, str]
    body: Mapping[str, Any]

    def lab(self) -> RunningLab:
        """The lab in the path. Raises NotThere."""
        return self.dashboard.lab(self.path["lab"])

    def container(self, lab: RunningLab) -> Container:
        """The container of the client or server in the path. Raises NotThere."""
        return container_of(lab, self.path["client"])


@dataclass(frozen=True, slots=True, kw_only=True)
class LabEndpoint:
    """`handler` is called with a LabRequest in a thread, unless `is_async`, and returns the JSON of its answer.

    `body` and `query` are schemas of what is sent, `needs` the required parameters of the query, `answer` the schema of
    what is returned. `failures` are statuses other than those that any request can get. The method `ANY` stands for all
    of them, whose parameters are not checked, and `WEBSOCKET` for a handler of WebSockets.
    """

    method: str
    path: str
    handler: Callable[..., Any]
    answer: Schema | None = None
    body: Schema | None = None
    query: Mapping[str, Schema] = field(default_factory=dict)
    needs: tuple[str, ...] = ()
    status: int = 200
    failures: tuple[int, ...] = ()
    is_async: bool = False
    media: str = "application/json"

    @property
    def summary(self) -> str:
        """The first line of its handler's docstring."""
        return (self.handler.__doc__ or "").strip().split("\n")[0]

    def route(self, dashboard: Dashboard) -> BaseRoute:
        if self.method == "WEBSOCKET":
            return WebSocketRoute(self.path, partial(self._relay, dashboard))
        methods = list(EVERY_METHOD) if self.method == "ANY" else [self.method]
        return Route(self.path, partial(self._answer, dashboard), methods=methods)

    async def _answer(self, dashboard: Dashboard, http: Request) -> Response:
        try:
            request = await self._read(dashboard, http)
            answered = await (self.handler(request) if self.is_async else run_in_threadpool(self.handler, request))
            return answered if isinstance(answered, Response) else SafeJson(answered, self.status)
        except Exception as error:
            return failure(error, http.url.path, http.method)

    async def _relay(self, dashboard: Dashboard, websocket: WebSocket) -> None:
        """Answer a WebSocket: refused before it is accepted, closed if it fails later."""
        try:
            await self.handler(dashboard, websocket)
        except (WebSocketDisconnect, OSError):
            return  # one end is gone
        except Exception as error:
            if websocket.application_state is WebSocketState.CONNECTING:
                await websocket.send_denial_response(failure(error, websocket.url.path, "GET"))
                return
            raise
        with contextlib.suppress(RuntimeError, WebSocketDisconnect):  # the other end has closed it
            await websocket.close()

    async def _read(self, dashboard: Dashboard, http: Request) -> LabRequest:
        query = dict(http.query_params)
        if self.method != "ANY":
            check(query, fields(self.needs, **self.query), "the query")
        body = {} if self.body is None else await _json_of(http)
        if self.body is not None:
            check(body, self.body)
        return LabRequest(dashboard, http, http.path_params, query, body)


def container_of(lab: RunningLab, name: str) -> Container:
    """The container of a client or server. Raises NotThere."""
    try:
        return find_member(lab.name, lab.members, name)
    except WrongUse as error:
        raise NotThere(error.message) from None


class SafeJson(JSONResponse):
    """JSON in which everything unprintable is escaped: names and logs come from applications."""

    def render(self, content: Any) -> bytes:
        return json_text(content, separators=(",", ":"), allow_nan=False).encode()


async def _json_of(http: Request) -> Any:
    """The JSON body, an empty one as {}; a 4xx if it is invalid, too long or too deeply nested."""
    chunks, size = list[bytes](), 0
    async for chunk in http.stream():
        # Counted as it arrives: Content-Length may be missing.
        size += len(chunk)
        if size > MOST_BODY_BYTES:
            raise HTTPException(413, f"the body is longer than {MOST_BODY_BYTES} bytes")
        chunks.append(chunk)
    try:
        value = json.loads(b"".join(chunks) or b"{}", parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise HTTPException(400, f"the body is not JSON: {error}") from None
    if _is_deep(value, MOST_NESTED):
        raise HTTPException(400, f"the body is nested too deeply: at most {MOST_NESTED} levels are allowed")
    return value


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not a JSON value")


def _is_deep(value: Any, most: int) -> bool:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return most < 0 or any(_is_deep(item, most - 1) for item in inner)
