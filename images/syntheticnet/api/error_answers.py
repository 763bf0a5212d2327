"""Answers to requests that failed: a 4xx or 503 with one line."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Match

from ..channel import RequestRefused, Unanswered
from ..conditions import ConditionsError
from ..conditions.errors import shortened
from ..heartbeat import Pulse
from .app_stats import InvalidStats
from .page_console import BadEntries
from .pictures import BadPicture

MOST_ERROR = 2000
"""Longer error messages are cut, as they may quote the request."""
STARVED = "the forwarder does not answer: this machine is too slow and gives it no CPU time"

ErrorHandler = Callable[[Request, Exception], Awaitable[Response]]


def error_handlers(pulse: Pulse | None) -> Mapping[type[Exception], ErrorHandler]:
    """What answers each error that an endpoint raises."""
    return {
        HTTPException: _http_error,
        ConditionsError: _refused(422),
        InvalidStats: _refused(422),
        BadEntries: _refused(422),
        BadPicture: _refused(422),
        RequestRefused: _refused(422),
        Unanswered: _unanswered(pulse),
        ClientDisconnect: _refused(400),  # nobody is left to read it
    }


def _refused(status: int) -> ErrorHandler:
    async def answer(_: Request, error: Exception) -> Response:
        return JSONResponse({"error": shortened(str(error), MOST_ERROR)}, status)

    return answer


def _unanswered(pulse: Pulse | None) -> ErrorHandler:
    """503, with the reason if PID 1 knows it."""

    async def answer(_: Request, error: Exception) -> Response:
        starved = pulse and pulse.news.get("forwarder", {}).get("state") == "starved"
        return JSONResponse({"error": STARVED if starved else str(error)}, 503)

    return answer


async def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    detail = error.detail
    if detail == HTTPStatus(error.status_code).phrase:  # raised by the router, which gives no reason
        reason = "no such path" if error.status_code == 404 else f"{request.method} is not supported"
        detail = f"{request.url.path}: {reason}"
    headers = {"Allow": ", ".join(_allowed(request))} if error.status_code == 405 else None
    return JSONResponse({"error": shortened(detail, MOST_ERROR)}, error.status_code, headers)


def _allowed(request: Request) -> list[str]:
    """The methods of all endpoints with this path (RFC 9110, section 15.5.6); the router knows only the first one's."""
    routes = [route for route in request.app.routes if route.matches(request.scope)[0] is not Match.NONE]
    return sorted({method for route in routes for method in route.methods})
