"""Live traffic by remote host, port and media."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from ..endpoint import Endpoint
from ..traffic import TrafficAnswer

ANSWER = (
    '{"monotonic_ns": 81000000000000, "window_s": 1.0, "watching": true, "ingress": [{"remote": "10.0.0.2", '
    '"name": "sfu", "protocol": "udp", "port": 20004, "media": "rtp", "payload_type": 96, "kind": "video", '
    '"codec": "VP8", "packets_s": 120.0, "bits_s": 1200000.0, "dropped_s": {"loss": 5.0}, "delay_ms": 20.1, '
    '"flow": "default", "match": "sfu:rtp,pt=96"}], "egress": [...], "rest": {"ingress": {"rows": 0, '
    '"packets_s": 0.0, "bits_s": 0.0}, "egress": {...}}}'
)


class TrafficEndpoint:
    def __init__(self, traffic: TrafficAnswer) -> None:
        self._traffic = traffic

    def table(self) -> tuple[Endpoint, ...]:
        summary = "packets and bits of the last second by remote host, port and media, counted while somebody asks"
        return (Endpoint("GET", "/v1/traffic", self.get, summary, answer=ANSWER),)

    async def get(self, request: Request) -> Response:
        return JSONResponse(await self._traffic.get())
