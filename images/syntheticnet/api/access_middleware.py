"""Middleware in front of the API: applies the access check and adds security and clock headers."""

from __future__ import annotations

import time
from collections.abc import Sequence
from functools import partial

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ..firewall import CONTROL_PORTS
from .access import AccessCheck

CLOSED_HEADERS = (
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"x-content-type-options", b"nosniff"),
)
HAS_TOKEN = "has_token"
"""Part of the state of a connection whose first request has shown the lab's token (see `tls_port`)."""
CONTAINER_HEADER = b"x-synthlab-container"
RECEIVED_HEADER, ANSWERED_HEADER = b"x-synthlab-received-ns", b"x-synthlab-answered-ns"

Headers = Sequence[tuple[bytes, bytes]]


class AccessMiddleware:
    """Answers 403 to requests that the access check refuses; requests on the control port come from the host.

    Endpoints find in `request.state.may_change` whether the caller may change conditions.

    Every answer carries the container's id, because a port of the host may belong to another engine's container, and
    the times the request arrived and the answer left, so the host can compare clocks with every request. `scripts` are
    the hashes of the inline scripts that its pages may have.
    """

    def __init__(self, app: ASGIApp, access: AccessCheck, container: str = "", scripts: Sequence[str] = ()) -> None:
        self._app = app
        self._access = access
        self._headers = (_content_policy(scripts), *CLOSED_HEADERS, (CONTAINER_HEADER, container.encode()))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        received_ns = time.monotonic_ns()
        app = self._app
        if scope["type"] == "http":
            request = Request(scope)
            peer = request.client.host if request.client else ""
            # Only a process with NET_ADMIN gets past the firewall to these ports, and the application has lost it.
            is_host = (scope.get("server") or ("", 0))[1] in CONTROL_PORTS or HAS_TOKEN in scope.get("state", ())
            request.state.may_change = is_host or self._access.may_change(peer)
            refusal = self._access.refusal(peer, request.method, request.url.path, request.headers)
            if refusal and not is_host:
                app = JSONResponse({"error": refusal}, 403)
        await app(scope, receive, partial(_send_with, self._headers, received_ns, send))


def _content_policy(scripts: Sequence[str]) -> tuple[bytes, bytes]:
    """Everything that a page loads comes from here, except inline scripts with these hashes."""
    allowed = " ".join(("'self'", *(f"'{script}'" for script in scripts)))
    policy = f"default-src 'self'; script-src {allowed}; frame-ancestors 'none'"
    return b"content-security-policy", policy.encode()


async def _send_with(headers: Headers, received_ns: int, send: Send, message: Message) -> None:
    """Send with added headers; some keep pages of other origins from framing, sniffing or reading the answer."""
    if message["type"] == "http.response.start":
        times = (RECEIVED_HEADER, received_ns), (ANSWERED_HEADER, time.monotonic_ns())
        message["headers"] = [*message["headers"], *headers, *((name, b"%d" % at_ns) for name, at_ns in times)]
    await send(message)
