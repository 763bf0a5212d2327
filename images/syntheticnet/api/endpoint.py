"""One row of the API's table: a method and a path, what answers it, and what that means."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

Handler = Callable[[Request], Awaitable[Response]]


@dataclass(frozen=True)
class Endpoint:
    """`body` and `answer` describe what is sent and returned; an empty `body` means that none is read."""

    method: str
    path: str
    handler: Handler
    summary: str
    body: str = ""
    answer: str = ""

    def route(self) -> Route:
        return Route(self.path, self.handler, methods=[self.method])
