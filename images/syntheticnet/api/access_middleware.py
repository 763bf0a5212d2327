"""What stands before the API: whoever the guard refuses is turned away, and every answer gets its headers."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ..firewall import DOOR_PORT
from .access import AccessCheck

CLOSED_HEADERS = (
    (b"content-security-policy", b"default-src 'self'; frame-ancestors 'none'"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"x-content-type-options", b"nosniff"),
)
CONTAINER_HEADER = b"x-synthlab-container"

Headers = Sequence[tuple[bytes, bytes]]


class AccessMiddleware:
    """Middleware that turns away whoever the guard refuses; what comes by the door comes from the host.

    Every answer says which container it is of: a host's port may lead to another engine's.
    """

    def __init__(self, app: ASGIApp, guard: AccessCheck, container: str = "") -> None:
        self._app = app
        self._guard = guard
        self._headers = (*CLOSED_HEADERS, (CONTAINER_HEADER, container.encode()))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        app = self._app
        if scope["type"] == "http" and (scope.get("server") or ("", 0))[1] != DOOR_PORT:
            request = Request(scope)
            peer = request.client.host if request.client else ""
            refusal = self._guard.refusal(peer, request.method, request.url.path, request.headers)
            if refusal:
                app = JSONResponse({"error": refusal}, 403)
        await app(scope, receive, partial(_send_with, self._headers, send))


async def _send_with(headers: Headers, send: Send, message: Message) -> None:
    """Send with headers, among them those that keep pages of others from framing, sniffing or reading the answer."""
    if message["type"] == "http.response.start":
        message["headers"] = [*message["headers"], *headers]
    await send(message)
