"""The state of the client."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from ...channel import ControlClient
from ..endpoint import Endpoint
from ..state_answer import StateAnswer


class StateEndpoint:
    def __init__(self, control: ControlClient, state: StateAnswer) -> None:
        self._control = control
        self._state = state

    def table(self) -> tuple[Endpoint, ...]:
        summary = "conditions in force, counters for each link and flow, what was achieved over the last second"
        return (Endpoint("GET", "/v1/state", self.get, summary, answer="the state"),)

    async def get(self, request: Request) -> Response:
        return JSONResponse(self._state.of(await self._control.ask("report"), request.state.may_change))
