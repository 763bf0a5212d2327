"""Live traffic by remote host, port and media."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from ..answer_shapes import TRAFFIC
from ..endpoint import Content, Endpoint
from ..traffic import TrafficAnswer


class TrafficEndpoint:
    def __init__(self, traffic: TrafficAnswer) -> None:
        self._traffic = traffic

    def table(self) -> tuple[Endpoint, ...]:
        summary = "packets and bits of the last second by remote host, port and media, counted while somebody asks"
        return (Endpoint("GET", "/v1/traffic", self.get, summary, answer=Content(TRAFFIC)),)

    async def get(self, request: Request) -> Response:
        return JSONResponse(await self._traffic.get())
