"""The lab API's table: every endpoint, and the application that serves them."""

from __future__ import annotations

from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response

from . import schemas
from .access import TokenMiddleware
from .dashboard import Dashboard
from .endpoint import LabEndpoint, LabRequest
from .endpoints import clients, conditions, events, labs, metrics, netem, relays, runs, stacks, watches
from .failures import failure
from .openapi import openapi
from .pages import page_routes


def describe(request: LabRequest) -> Any:
    """This description, in OpenAPI 3.1."""
    return openapi(endpoints(), request.dashboard.access.url)


def endpoints() -> tuple[LabEndpoint, ...]:
    own = LabEndpoint(method="GET", path="/v1/openapi.json", handler=describe, answer=schemas.free("the description"))
    return (
        own,
        *labs.TABLE,
        *clients.TABLE,
        *conditions.TABLE,
        *netem.TABLE,
        *events.TABLE,
        *relays.TABLE,
        *runs.TABLE,
        *watches.TABLE,
        *stacks.TABLE,
        *metrics.TABLE,
    )


def lab_api(dashboard: Dashboard) -> Starlette:
    """The application: only requests with the token reach its endpoints."""
    return Starlette(
        routes=[*page_routes(), *(endpoint.route(dashboard) for endpoint in endpoints())],
        middleware=[Middleware(TokenMiddleware, check=dashboard.access)],
        exception_handlers={HTTPException: _failed},
    )


async def _failed(request: Request, error: Exception) -> Response:
    """What the router refuses: an unknown path, a wrong method."""
    return failure(error, request.url.path, request.method)
