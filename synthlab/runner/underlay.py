"""The network between the machines of a lab, by the round trips of the sampler's requests to other machines.

They go from the machine that plays the scenario to the node of each client; what lies between two nodes is not
measured. A packet that gets lost there shows as a long round trip.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Sequence

from ..control.clock_sync import ClockSample
from ..control.group_change import LabClient
from ..control.state import MOST_LATE_MS
from ..scenario.expression import Recorded, Value

MOST_SLOW_SECONDS = 0.2
"""The highest share of seconds in which one way may take longer than MOST_LATE_MS: as for a forwarder."""
LEAST_SLOW_SECONDS = 3


def round_trip_name(client: str) -> str:
    """The name of the round trip in ms; not available to expectations."""
    return f"{client}.underlay.round_trip_ms"


def of_underlay(client: LabClient, clock: ClockSample) -> dict[str, Value]:
    """The round trip of a request, without the time that the client needed; nothing for a client on this machine."""
    return {round_trip_name(client.name): clock.network_ns / 1e6} if client.node else {}


def underlay_line(clients: Sequence[str], recorded: Recorded) -> str | None:
    """All round trips of a run in one line; None if no client is on another machine."""
    times = [ms for client in clients for ms in _times(client, recorded)]
    if len(times) < 2:
        return None
    p99 = statistics.quantiles(times, n=100, method="inclusive")[-1]
    return f"round trip to the nodes: median {statistics.median(times):.1f} ms, p99 {p99:.1f} ms"


def slow_underlays(clients: Sequence[str], recorded: Recorded, since_ns: int) -> Iterator[str]:
    """A line for each client whose node was too far away in too many seconds to judge what it did."""
    for client in clients:
        times = _times(client, recorded, since_ns)
        slow = sum(ms / 2 > MOST_LATE_MS for ms in times)
        if slow >= LEAST_SLOW_SECONDS and slow > MOST_SLOW_SECONDS * len(times):
            yield (
                f"{client}: the network to its node was too slow: one way took more than {MOST_LATE_MS:g} ms "
                f"in {slow / len(times):.0%} of all requests (maximum {MOST_SLOW_SECONDS:.0%})"
            )


def _times(client: str, recorded: Recorded, since_ns: int | None = None) -> list[float]:
    series = recorded.series(round_trip_name(client))
    return [
        one.value for one in series if isinstance(one.value, float | int) and (since_ns is None or one.at_ns > since_ns)
    ]
