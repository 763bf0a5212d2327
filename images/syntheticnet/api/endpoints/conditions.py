"""The conditions in force: read, change, replace, return to those of the start."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from ...channel import ControlClient
from ..change_relay import ChangeRelay
from ..endpoint import Endpoint
from ..parameters import json_of

PATH = "/v1/conditions"
CHANGE = (
    'an object with ingress, egress, muted, flows, order or seed, such as {"egress": {"rate": "1mbit", "loss": null}}'
)
ANSWER = "the state; with `?check=true` what would be in force, and the present `state`"


class ConditionsEndpoints:
    def __init__(self, control: ControlClient, changes: ChangeRelay, startup: Mapping[str, Any]) -> None:
        self._control = control
        self._changes = changes
        self._startup = startup

    def table(self) -> tuple[Endpoint, ...]:
        back = "go back to the conditions the client started with"
        return (
            Endpoint("GET", PATH, self.get, "conditions in force", answer="the conditions"),
            Endpoint("PATCH", PATH, self.patch, "change what the body names", CHANGE, ANSWER),
            Endpoint("PUT", PATH, self.put, "replace all conditions", CHANGE, ANSWER),
            Endpoint("DELETE", PATH, self.delete, back, answer=ANSWER),
        )

    async def get(self, request: Request) -> Response:
        return JSONResponse((await self._control.ask("report"))["conditions"])

    async def patch(self, request: Request) -> Response:
        return JSONResponse(await self._changes.changed("change", await json_of(request), request.query_params))

    async def put(self, request: Request) -> Response:
        """Replace all conditions; `?restore=true` also accepts values that have no effect, as a state may have."""
        strict = request.query_params.get("restore") != "true"
        change = await json_of(request)
        return JSONResponse(await self._changes.changed("replace", change, request.query_params, strict))

    async def delete(self, request: Request) -> Response:
        return JSONResponse(await self._changes.changed("replace", self._startup, request.query_params))
