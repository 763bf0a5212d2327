"""Whether the client works."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from ...channel import ControlClient
from ..endpoint import Endpoint


class HealthEndpoint:
    def __init__(self, control: ControlClient) -> None:
        self._control = control

    def table(self) -> tuple[Endpoint, ...]:
        return (Endpoint("GET", "/v1/health", self.get, "200 while the forwarder answers", answer='{"healthy": true}'),)

    async def get(self, request: Request) -> Response:
        await self._control.ask("report")
        return JSONResponse({"healthy": True})
