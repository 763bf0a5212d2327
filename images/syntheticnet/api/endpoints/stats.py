"""Stats that the application publishes about itself."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from ...conditions import refuse_unknown
from ..app_stats import AppStats
from ..endpoint import Endpoint
from ..parameters import duration_of, json_of

PATH = "/v1/stats"
BODY = 'an object such as {"video": {"client2": {"fps": 15}}}'
ANSWER = '{"values": {"video": {"client2": {"fps": 15}}}, "age_s": {"video": 0.2}}'


class StatsEndpoints:
    def __init__(self, stats: AppStats) -> None:
        self._stats = stats

    def table(self) -> tuple[Endpoint, ...]:
        summary = "values that the application publishes about itself, such as WebRTC stats"
        published = "publish such values; `?age=120ms` is the time since they were measured"
        return (
            Endpoint("GET", PATH, self.get, summary, answer=ANSWER),
            Endpoint("POST", PATH, self.post, published, BODY, '{"published": true}'),
        )

    async def get(self, request: Request) -> Response:
        return JSONResponse(self._stats.report())

    async def post(self, request: Request) -> Response:
        refuse_unknown(request.query_params, ("age",), "parameter")
        age_ns = duration_of(request.query_params, "age") or 0
        self._stats.publish(await json_of(request), age_ns / 1e9)
        return JSONResponse({"published": True})
