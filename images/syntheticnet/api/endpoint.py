"""One row of the API's table: a method and a path, what answers it, and what that means."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from .parameter_shapes import Parameter
from .shape import Shape

Handler = Callable[[Request], Awaitable[Response]]

JSON, TEXT = "application/json", "text/plain"


@dataclass(frozen=True)
class Content:
    """What a body or an answer looks like, and its media type."""

    shape: Shape
    media_type: str = JSON


@dataclass(frozen=True)
class Endpoint:
    """`body` is what is sent, None if nothing is read; `answer` is what is returned if all is well, None if nothing."""

    method: str
    path: str
    handler: Handler
    summary: str
    body: Content | None = None
    answer: Content | None = None
    parameters: tuple[Parameter, ...] = ()
    status: int = 200

    def route(self) -> Route:
        return Route(self.path, self.handler, methods=[self.method])
