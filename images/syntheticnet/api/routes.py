"""The API's table: every endpoint, in one list that can be read without serving it."""

from __future__ import annotations

from ..channel import ControlClient
from .app_stats import AppStats
from .change_relay import ChangeRelay
from .endpoint import Endpoint
from .endpoints import clock, page, schema
from .endpoints.conditions import ConditionsEndpoints
from .endpoints.console import ConsoleEndpoints
from .endpoints.files import FilesEndpoints
from .endpoints.health import HealthEndpoint
from .endpoints.leases import LeasesEndpoints
from .endpoints.qos import QosEndpoints
from .endpoints.state import StateEndpoint
from .endpoints.stats import StatsEndpoints
from .endpoints.top import TopEndpoint
from .endpoints.traffic import TrafficEndpoint
from .remote_names import RemoteNames
from .state_answer import Identity, StateAnswer
from .traffic import TrafficAnswer


def endpoints(control: ControlClient, identity: Identity, names: RemoteNames | None = None) -> tuple[Endpoint, ...]:
    """The endpoints of one client; those of a resource share what it holds. By default nothing has a name."""
    # Shared, because the state has the problem that a page publishes among its stats, and live traffic its codecs.
    stats = AppStats()
    state = StateAnswer(identity, stats)
    changes = ChangeRelay(control, state)
    traffic = TrafficAnswer(control, stats, names or RemoteNames())
    return (
        *page.TABLE,
        *HealthEndpoint(control).table(),
        *schema.TABLE,
        *clock.TABLE,
        *StateEndpoint(control, state).table(),
        *ConditionsEndpoints(control, changes, state.startup).table(),
        *LeasesEndpoints(control, state).table(),
        *FilesEndpoints(control).table(),
        *StatsEndpoints(stats).table(),
        *ConsoleEndpoints().table(),
        *QosEndpoints(control, changes).table(),
        *TopEndpoint(control).table(),
        *TrafficEndpoint(traffic).table(),
    )
