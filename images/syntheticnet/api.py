"""The HTTP API of a client, a process of its own: `/v1/...`, and the `/qos` and `/top` that existing scripts speak."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from . import qos, top
from .conditions import Conditions, ConditionsError, condition_fields
from .guard import Guard
from .numbers import BadNumbers, Numbers
from .switchboard import Line, Refused, Unanswered
from .version import VERSION

MOST_BODY_BYTES = 1 << 20
CLOSED_HEADERS = (
    (b"content-security-policy", b"default-src 'self'; frame-ancestors 'none'"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"x-content-type-options", b"nosniff"),
)
LOOKUP_SECONDS = 3.0
WEB = Path(__file__).parent / "web"

Change = Callable[[Conditions], Conditions]


@dataclass(frozen=True)
class Identity:
    """What this container is called, and the conditions that it started with."""

    name: str
    lab: str
    startup: Conditions


class Api:
    """The endpoints. Conditions are changed one request after the other; each change is whole or not at all."""

    def __init__(self, line: Line, identity: Identity) -> None:
        self._line = line
        self._identity = identity
        self._numbers = Numbers()
        self._changing = asyncio.Lock()

    def routes(self) -> list[Route | Mount]:
        return [
            Route("/", lambda request: RedirectResponse("/ui/")),
            Mount("/ui", StaticFiles(directory=WEB, html=True)),
            Route("/qos", self.get_qos, methods=["GET"]),
            Route("/qos", self.post_qos, methods=["POST"]),
            Route("/top/{direction}.profile", self.get_top),
            Route("/v1/health", self.get_health),
            Route("/v1/schema", self.get_schema),
            Route("/v1/state", self.get_state),
            Route("/v1/conditions", self.get_conditions, methods=["GET"]),
            Route("/v1/conditions", self.patch_conditions, methods=["PATCH"]),
            Route("/v1/conditions", self.put_conditions, methods=["PUT"]),
            Route("/v1/conditions", self.delete_conditions, methods=["DELETE"]),
            Route("/v1/numbers", self.get_numbers, methods=["GET"]),
            Route("/v1/numbers", self.post_numbers, methods=["POST"]),
        ]

    async def get_health(self, request: Request) -> Response:
        await self._line.ask("report")
        return JSONResponse({"healthy": True})

    async def get_schema(self, request: Request) -> Response:
        shown = ("name", "help", "example", "needs")
        rows = [{key: item.metadata[key] for key in shown} for item in condition_fields()]
        return JSONResponse({"conditions": rows})

    async def get_state(self, request: Request) -> Response:
        return JSONResponse(self._state(await self._line.ask("report")))

    async def get_conditions(self, request: Request) -> Response:
        return JSONResponse((await self._line.ask("report"))["conditions"])

    async def patch_conditions(self, request: Request) -> Response:
        change = await _body(request)
        return await self._changed(request, lambda present: present.changed(change))

    async def put_conditions(self, request: Request) -> Response:
        wished = Conditions().changed(await _body(request))
        return await self._changed(request, lambda present: wished)

    async def delete_conditions(self, request: Request) -> Response:
        return await self._changed(request, lambda present: self._identity.startup)

    async def get_numbers(self, request: Request) -> Response:
        return JSONResponse(self._numbers.report())

    async def post_numbers(self, request: Request) -> Response:
        self._numbers.publish(await _body(request))
        return JSONResponse({"published": True})

    async def get_qos(self, request: Request) -> Response:
        state = await self._line.ask("report")
        try:
            return JSONResponse(qos.written(Conditions.from_dict(state["conditions"])))
        except qos.Inexpressible as error:
            raise HTTPException(
                409, f"the conditions in force have no /qos form ({error}); read /v1/conditions"
            ) from None

    async def post_qos(self, request: Request) -> Response:
        wished = qos.parse(await _body(request))
        await self._changed(request, lambda present: wished)
        return PlainTextResponse("OK")

    async def get_top(self, request: Request) -> Response:
        direction = request.path_params["direction"]
        if direction not in ("ingress", "egress"):
            raise HTTPException(404, f"no such profile: {direction}; there are ingress and egress")
        rows = (await self._line.ask("top", direction=direction))["rows"]
        return Response(top.profile(rows), media_type="application/octet-stream")

    async def _changed(self, request: Request, change: Change) -> Response:
        """Put a change in force and answer with the state; with `?check=true` only say whether it could be."""
        async with self._changing:
            present = Conditions.from_dict((await self._line.ask("report"))["conditions"])
            wished = change(present)
            names = await _addresses(wished)
            if request.query_params.get("check") == "true":
                return JSONResponse({"conditions": wished.to_dict()})
            report = await self._line.ask("configure", conditions=wished.to_dict(), names=names)
        return JSONResponse(self._state(report))

    def _state(self, report: Mapping[str, Any]) -> dict[str, Any]:
        identity = self._identity
        return {
            "version": VERSION,
            "name": identity.name,
            "lab": identity.lab,
            "startup": identity.startup.to_dict(),
            "seed": report["conditions"]["seed"],
            **report,
        }


class Guarded:
    """Middleware that turns away whoever the guard refuses."""

    def __init__(self, app: ASGIApp, guard: Guard) -> None:
        self._app = app
        self._guard = guard

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        app = self._app
        if scope["type"] == "http":
            request = Request(scope)
            peer = request.client.host if request.client else ""
            refusal = self._guard.refusal(peer, request.method, request.url.path, request.headers)
            if refusal:
                app = JSONResponse({"error": refusal}, 403)
        await app(scope, receive, partial(_send_closed, send))


async def _send_closed(send: Send, message: Message) -> None:
    """Send with headers that keep pages of others from framing, sniffing or reading what is answered."""
    if message["type"] == "http.response.start":
        message["headers"] = [*message["headers"], *CLOSED_HEADERS]
    await send(message)


def make(line: Line, identity: Identity, guard: Guard) -> Starlette:
    """The application; every error is a 4xx or 503 with one line."""
    return Starlette(
        routes=Api(line, identity).routes(),
        middleware=[Middleware(Guarded, guard=guard)],
        exception_handlers={
            HTTPException: _said_so,
            ConditionsError: _refused(422),
            BadNumbers: _refused(422),
            Refused: _refused(422),
            Unanswered: _refused(503),
        },
    )


def main(listening: socket.socket, control: socket.socket, identity: Identity, hosts: Sequence[str]) -> None:
    """Serve until killed."""

    async def serve() -> None:
        app = make(Line(control), identity, Guard(frozenset(hosts)))
        config = uvicorn.Config(app, log_level="warning", access_log=False, lifespan="off", server_header=False)
        await uvicorn.Server(config).serve(sockets=[listening])

    asyncio.run(serve())


def _refused(status: int) -> Callable[[Request, Exception], Awaitable[Response]]:
    async def answer(_: Request, error: Exception) -> Response:
        return JSONResponse({"error": str(error)}, status)

    return answer


async def _said_so(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return JSONResponse({"error": error.detail}, error.status_code)


async def _body(request: Request) -> Any:
    """The JSON of the request; a 4xx where it is none or too long."""
    chunks, size = [], 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > MOST_BODY_BYTES:
            raise HTTPException(413, f"the body is longer than {MOST_BODY_BYTES} bytes")
        chunks.append(chunk)
    try:
        return json.loads(b"".join(chunks))
    except (ValueError, RecursionError) as error:
        raise HTTPException(400, f"the body is not JSON: {error}") from None


async def _addresses(wished: Conditions) -> dict[str, list[str]]:
    """The addresses of the hosts that flows name; raises ConditionsError for a name that has none."""
    loop = asyncio.get_running_loop()
    found = {}
    for flow in wished.flows:
        name = flow.match.name
        if name is None or name in found:
            continue
        try:
            rows = await asyncio.wait_for(loop.getaddrinfo(name, None, type=socket.SOCK_DGRAM), LOOKUP_SECONDS)
        except (OSError, TimeoutError):
            raise ConditionsError(f"no host is called {name!r} on this network", f"flows.{flow.name}") from None
        found[name] = sorted({str(row[4][0]) for row in rows})
    return found
