"""The numbers of all labs, for Prometheus."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

from starlette.responses import Response

from ...control.group_change import MAX_AT_ONCE, LabClient
from ...errors import SynthlabError
from .. import schemas
from ..endpoint import LabEndpoint, LabRequest
from ..metrics import ClientReading, metrics_text


def metrics(request: LabRequest) -> Any:
    """Conditions, measured values, WebRTC numbers and verdicts of all labs, in Prometheus's text format."""
    dashboard = request.dashboard
    clients = [(lab, client) for lab in dashboard.backend.engine.labs() for client in _clients(request, lab)]
    with ThreadPoolExecutor(MAX_AT_ONCE) as pool:
        readings = list(pool.map(lambda one: _read(*one), clients))
    text, media = metrics_text(readings, dashboard.runs.verdicts)
    return Response(text, media_type=media)


def _clients(request: LabRequest, lab: str) -> list[LabClient]:
    try:
        return request.dashboard.lab(lab).find()
    except SynthlabError:  # it has just been taken down, or has expired
        return []


def _read(lab: str, client: LabClient) -> ClientReading:
    try:
        state = client.api.state()
        return ClientReading(
            lab, client.name, state, client.api.stats() if client.probes or not client.server else None
        )
    except SynthlabError:
        return ClientReading(lab, client.name, None, None)


TABLE = (
    LabEndpoint(
        method="GET", path="/metrics", handler=metrics, media="text/plain", answer=schemas.text("Prometheus's text")
    ),
)
