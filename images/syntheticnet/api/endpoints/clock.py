"""The clock that `at` refers to: CLOCK_MONOTONIC, shared by all containers of a machine."""

from __future__ import annotations

import time

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from ..answer_shapes import CLOCK
from ..endpoint import Content, Endpoint


async def get(_: Request) -> Response:
    return JSONResponse({"monotonic_ns": time.monotonic_ns()})


TABLE = (Endpoint("GET", "/v1/clock", get, "the time that `at` refers to", answer=Content(CLOCK)),)
