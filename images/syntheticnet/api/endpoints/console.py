"""What pages wrote to their console."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from ...conditions import refuse_unknown
from ..answer_shapes import CONSOLE, CONSOLE_POSTED, PUBLISHED
from ..endpoint import Content, Endpoint
from ..page_console import PageConsole
from ..parameter_shapes import AFTER
from ..parameters import json_of, number_of

PATH = "/v1/console"


class ConsoleEndpoints:
    def __init__(self) -> None:
        self._console = PageConsole()

    def table(self) -> tuple[Endpoint, ...]:
        summary = "what pages wrote to their console; with `?after=12` only the entries after entry 12"
        added = "add entries of a page's console"
        return (
            Endpoint("GET", PATH, self.get, summary, None, Content(CONSOLE), (AFTER,)),
            Endpoint("POST", PATH, self.post, added, Content(CONSOLE_POSTED), Content(PUBLISHED)),
        )

    async def get(self, request: Request) -> Response:
        refuse_unknown(request.query_params, ("after",), "parameter")
        return JSONResponse(self._console.report(number_of(request.query_params, "after")))

    async def post(self, request: Request) -> Response:
        self._console.publish(await json_of(request))
        return JSONResponse({"published": True})
