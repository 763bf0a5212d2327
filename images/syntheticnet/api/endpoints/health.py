"""Whether the client works."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from ..answer_shapes import HEALTH
from ..endpoint import Content, Endpoint
from ..shared_report import SharedReport


class HealthEndpoint:
    def __init__(self, report: SharedReport) -> None:
        self._report = report

    def table(self) -> tuple[Endpoint, ...]:
        return (Endpoint("GET", "/v1/health", self.get, "200 while the forwarder answers", answer=Content(HEALTH)),)

    async def get(self, request: Request) -> Response:
        await self._report.ask()
        return JSONResponse({"healthy": True})
