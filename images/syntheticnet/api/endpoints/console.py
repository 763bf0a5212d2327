"""What pages wrote to their console."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from ...conditions import ConditionsError, refuse_unknown
from ..endpoint import Endpoint
from ..page_console import PageConsole
from ..parameters import json_of

PATH = "/v1/console"
BODY = '{"entries": [{time_s, kind, text, where}], "lost": 0}'
ANSWER = '{"entries": [{number, time_s, kind, text, where}], "count": 12}'


class ConsoleEndpoints:
    def __init__(self) -> None:
        self._console = PageConsole()

    def table(self) -> tuple[Endpoint, ...]:
        summary = "what pages wrote to their console; with `?after=12` only the entries after entry 12"
        return (
            Endpoint("GET", PATH, self.get, summary, answer=ANSWER),
            Endpoint("POST", PATH, self.post, "add entries of a page's console", BODY, '{"published": true}'),
        )

    async def get(self, request: Request) -> Response:
        refuse_unknown(request.query_params, ("after",), "parameter")
        after = request.query_params.get("after", "0")
        if not (after.isascii() and after.isdecimal() and len(after) < 16):
            raise ConditionsError(f"{after!r} is not an entry number such as 12", "after")
        return JSONResponse(self._console.report(int(after)))

    async def post(self, request: Request) -> Response:
        self._console.publish(await json_of(request))
        return JSONResponse({"published": True})
