"""The state of the client."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from ..answer_shapes import STATE
from ..endpoint import Content, Endpoint
from ..shared_report import SharedReport
from ..state_answer import StateAnswer


class StateEndpoint:
    def __init__(self, report: SharedReport, state: StateAnswer) -> None:
        self._report = report
        self._state = state

    def table(self) -> tuple[Endpoint, ...]:
        summary = "conditions in force, counters for each link and flow, what was achieved over the last second"
        return (Endpoint("GET", "/v1/state", self.get, summary, answer=Content(STATE)),)

    async def get(self, request: Request) -> Response:
        return JSONResponse(self._state.of(await self._report.ask(), request.state.may_change))
