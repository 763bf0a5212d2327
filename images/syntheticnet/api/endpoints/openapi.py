"""The description of the API itself."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from ..answer_shapes import OPENAPI
from ..endpoint import Content, Endpoint
from ..openapi import document


def described(others: Sequence[Endpoint]) -> tuple[Endpoint, ...]:
    """The other endpoints, and the one that describes all of them."""

    async def get(_: Request) -> Response:
        return JSONResponse(document(table))

    summary = "this API in OpenAPI 3.1"
    table = (*others, Endpoint("GET", "/v1/openapi.json", get, summary, answer=Content(OPENAPI)))
    return table
