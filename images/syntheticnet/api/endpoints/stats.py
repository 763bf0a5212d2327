"""Stats that the application publishes about itself, and the numbers of probes."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from ...conditions import refuse_unknown
from ..answer_shapes import STATS, STATS_KEPT, STATS_PUBLISHED
from ..app_stats import AppStats
from ..endpoint import Content, Endpoint
from ..parameter_shapes import STATS_AGE, STATS_JUDGED
from ..parameters import duration_of, json_of, switched_on
from ..pictures import Pictures
from ..probe_results import ProbeResults

PATH = "/v1/stats"


class StatsEndpoints:
    def __init__(self, stats: AppStats, pictures: Pictures, probes: ProbeResults) -> None:
        self._stats = stats
        self._pictures = pictures
        self._probes = probes

    def table(self) -> tuple[Endpoint, ...]:
        summary = "values that the application publishes about itself, such as WebRTC stats, and what probes measured"
        published = "publish such values; `?age=120ms` is the time since they were measured"
        return (
            Endpoint("GET", PATH, self.get, summary, answer=Content(STATS), parameters=(STATS_JUDGED,)),
            Endpoint("POST", PATH, self.post, published, Content(STATS_PUBLISHED), Content(STATS_KEPT), (STATS_AGE,)),
        )

    async def get(self, request: Request) -> Response:
        refuse_unknown(request.query_params, ("judged",), "parameter")
        if switched_on(request.query_params, "judged"):
            self._pictures.hold_off()
        probes = self._probes.report()
        return JSONResponse(self._stats.report() | ({"probes": probes} if probes else {}))

    async def post(self, request: Request) -> Response:
        refuse_unknown(request.query_params, ("age",), "parameter")
        age_ns = duration_of(request.query_params, "age") or 0
        self._stats.publish(await json_of(request), age_ns / 1e9)
        # Whoever publishes stats learns here whether somebody looks at pictures, without asking for it.
        return JSONResponse({"published": True, "pictures": self._pictures.wanted})
