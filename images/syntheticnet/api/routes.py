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
from .state_answer import Identity, StateAnswer


def endpoints(control: ControlClient, identity: Identity) -> tuple[Endpoint, ...]:
    """The endpoints of one client; those of a resource share what it holds."""
    # Shared, because the state has the problem that a page publishes among its stats.
    stats = AppStats()
    state = StateAnswer(identity, stats)
    changes = ChangeRelay(control, state)
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
    )
