"""The API's table: every endpoint, in one list that can be read without serving it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from operator import itemgetter
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from .access import READING, is_published
from .app_stats import AppStats
from .change_relay import ChangeRelay
from .control_client import ControlClient
from .endpoint import Endpoint
from .endpoints import clock, page, schema
from .endpoints.conditions import ConditionsEndpoints
from .endpoints.console import ConsoleEndpoints
from .endpoints.events import EventsEndpoint
from .endpoints.files import FilesEndpoints
from .endpoints.health import HealthEndpoint
from .endpoints.leases import LeasesEndpoints
from .endpoints.mappings import MappingsEndpoint
from .endpoints.metrics import MetricsEndpoint
from .endpoints.openapi import described
from .endpoints.pictures import PicturesEndpoints
from .endpoints.qos import QosEndpoints
from .endpoints.roam import RoamEndpoint
from .endpoints.state import StateEndpoint
from .endpoints.stats import StatsEndpoints
from .endpoints.top import TopEndpoint
from .endpoints.traffic import TrafficEndpoint
from .event_hub import EventHub, EventSource
from .metrics import ClientMetrics
from .pictures import Pictures
from .probe_results import ProbeResults
from .remote_names import RemoteNames
from .shared_report import SharedReport
from .state_answer import Identity, StateAnswer
from .traffic import TrafficAnswer


def endpoints(
    control: ControlClient,
    identity: Identity,
    names: RemoteNames | None = None,
    probes: ProbeResults | None = None,
    named: Callable[[], None] = lambda: None,
) -> tuple[Endpoint, ...]:
    """The endpoints of one client; those of a resource share what it holds.

    By default nothing has a name, and there are no probes. `named` is called after each change that names hosts.
    """
    probes = probes or ProbeResults()
    # Shared, because the state has the problem that a page publishes among its stats, and live traffic its codecs.
    stats = AppStats()
    pictures = Pictures()
    state = StateAnswer(identity, stats)
    report = SharedReport(control)
    changes = ChangeRelay(control, state, named)
    traffic = TrafficAnswer(control, stats, names or RemoteNames())

    async def published() -> dict[str, Any]:
        return stats.report()

    sources = {
        "traffic": EventSource(traffic.get),
        "files": EventSource(partial(control.ask, "files"), steady=False, key=itemgetter("files")),
        "stats": EventSource(published, key=itemgetter("values")),
    }
    hub = EventHub(report.ask, state.of, sources)
    table = (
        *page.TABLE,
        *HealthEndpoint(report).table(),
        *schema.TABLE,
        *clock.TABLE,
        *StateEndpoint(report, state).table(),
        *EventsEndpoint(hub).table(),
        *ConditionsEndpoints(report, changes, state.startup).table(),
        *LeasesEndpoints(control, state).table(),
        *MappingsEndpoint(control, state).table(),
        *RoamEndpoint(control, state).table(),
        *FilesEndpoints(control).table(),
        *StatsEndpoints(stats, pictures, probes).table(),
        *PicturesEndpoints(pictures).table(),
        *ConsoleEndpoints().table(),
        *QosEndpoints(control, changes).table(),
        *TopEndpoint(control).table(),
        *TrafficEndpoint(traffic).table(),
        *MetricsEndpoint(report, stats, probes, ClientMetrics(identity)).table(),
    )
    return described([_announced(endpoint, hub) for endpoint in table])


def _announced(endpoint: Endpoint, hub: EventHub) -> Endpoint:
    """The endpoint; if its requests change the client, readers of events learn about it at once."""
    if endpoint.method in READING or is_published(endpoint.path):
        return endpoint

    async def handler(request: Request) -> Response:
        answer = await endpoint.handler(request)
        hub.changed()
        return answer

    return replace(endpoint, handler=handler)
