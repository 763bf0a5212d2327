"""Metrics for Prometheus."""

from __future__ import annotations

import asyncio

from starlette.requests import Request
from starlette.responses import Response

from ..answer_shapes import METRICS
from ..app_stats import AppStats
from ..endpoint import TEXT, Content, Endpoint
from ..metrics import ClientMetrics
from ..probe_results import ProbeResults
from ..shared_report import SharedReport

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class MetricsEndpoint:
    def __init__(self, report: SharedReport, stats: AppStats, probes: ProbeResults, metrics: ClientMetrics) -> None:
        self._report = report
        self._stats = stats
        self._probes = probes
        self._metrics = metrics
        self._writing = asyncio.Lock()

    def table(self) -> tuple[Endpoint, ...]:
        summary = "metrics of this client, in the text format of Prometheus"
        return (Endpoint("GET", "/metrics", self.get, summary, answer=Content(METRICS, TEXT)),)

    async def get(self, request: Request) -> Response:
        report = await self._report.ask()
        ages = list(self._stats.report()["age_s"].values())
        # In a thread: with 1000 flows it takes 36 ms, in which no other request would be answered.
        async with self._writing:
            text = await asyncio.to_thread(self._metrics.text, report, ages, self._probes.report())
        return Response(text, media_type=MEDIA_TYPE)
