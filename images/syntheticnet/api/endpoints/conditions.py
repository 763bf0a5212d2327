"""The conditions in force: read, change, replace, return to those of the start."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from ..answer_shapes import CHANGED
from ..change_relay import ChangeRelay
from ..condition_shapes import CHANGE, CONDITIONS
from ..endpoint import Content, Endpoint
from ..parameter_shapes import CHANGE_PARAMETERS
from ..parameters import json_of
from ..shared_report import SharedReport

PATH = "/v1/conditions"
BODY, ANSWER = Content(CHANGE), Content(CHANGED)


class ConditionsEndpoints:
    def __init__(self, report: SharedReport, changes: ChangeRelay, startup: Mapping[str, Any]) -> None:
        self._report = report
        self._changes = changes
        self._startup = startup

    def table(self) -> tuple[Endpoint, ...]:
        back = "go back to the conditions the client started with"
        return (
            Endpoint("GET", PATH, self.get, "conditions in force", answer=Content(CONDITIONS)),
            Endpoint("PATCH", PATH, self.patch, "change what the body names", BODY, ANSWER, CHANGE_PARAMETERS),
            Endpoint("PUT", PATH, self.put, "replace all conditions", BODY, ANSWER, CHANGE_PARAMETERS),
            Endpoint("DELETE", PATH, self.delete, back, None, ANSWER, CHANGE_PARAMETERS),
        )

    async def get(self, request: Request) -> Response:
        return JSONResponse((await self._report.ask())["conditions"])

    async def patch(self, request: Request) -> Response:
        return JSONResponse(await self._changes.changed("change", await json_of(request), request.query_params))

    async def put(self, request: Request) -> Response:
        """Replace all conditions; `?restore=true` also accepts values that have no effect, as a state may have."""
        strict = request.query_params.get("restore") != "true"
        change = await json_of(request)
        return JSONResponse(await self._changes.changed("replace", change, request.query_params, strict))

    async def delete(self, request: Request) -> Response:
        return JSONResponse(await self._changes.changed("replace", self._startup, request.query_params))
