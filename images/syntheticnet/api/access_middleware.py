"""What stands before the API: whoever the access check refuses is turned away, and every answer gets its headers."""

from __future__ import annotations

import time
from collections.abc import Sequence
from functools import partial

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ..firewall import CONTROL_PORT
from .access import AccessCheck

CLOSED_HEADERS = (
    (b"content-security-policy", b"default-src 'self'; frame-ancestors 'none'"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"x-content-type-options", b"nosniff"),
)
CONTAINER_HEADER = b"x-synthlab-container"
RECEIVED_HEADER, ANSWERED_HEADER = b"x-synthlab-received-ns", b"x-synthlab-answered-ns"

Headers = Sequence[tuple[bytes, bytes]]


class AccessMiddleware:
    """Turns away whoever the access check refuses; requests through the control port come from the host.

    Every answer says which container it is of, for a host's port may lead to another engine's; and when the request
    came and the answer left, so that the host can compare clocks with any request.
    """

    def __init__(self, app: ASGIApp, access: AccessCheck, container: str = "") -> None:
        self._app = app
        self._access = access
        self._headers = (*CLOSED_HEADERS, (CONTAINER_HEADER, container.encode()))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        came_ns = time.monotonic_ns()
        app = self._app
        if scope["type"] == "http" and (scope.get("server") or ("", 0))[1] != CONTROL_PORT:
            request = Request(scope)
            peer = request.client.host if request.client else ""
            refusal = self._access.refusal(peer, request.method, request.url.path, request.headers)
            if refusal:
                app = JSONResponse({"error": refusal}, 403)
        await app(scope, receive, partial(_send_with, self._headers, came_ns, send))


async def _send_with(headers: Headers, came_ns: int, send: Send, message: Message) -> None:
    """Send with headers, among them those that keep pages of others from framing, sniffing or reading the answer."""
    if message["type"] == "http.response.start":
        times = (RECEIVED_HEADER, came_ns), (ANSWERED_HEADER, time.monotonic_ns())
        message["headers"] = [*message["headers"], *headers, *((name, b"%d" % at_ns) for name, at_ns in times)]
    await send(message)
