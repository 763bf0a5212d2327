"""The configured conditions over time, as numbers to draw next to the measured ones."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from syntheticnet.conditions import Conditions, LinkConditions

from ..scenario.record import Configured

_NS_PER_MS = 1e6


@dataclass(frozen=True, slots=True)
class ConfiguredLinks:
    """The conditions of one client: each entry from its time until the next, the last one until `ends_s`.

    A muted value is not configured.
    """

    times_s: tuple[float, ...]
    conditions: tuple[Conditions, ...]
    ends_s: float

    @classmethod
    def of(cls, configured: Iterable[Configured], client: str, ends_s: float) -> ConfiguredLinks:
        own = [entry for entry in configured if entry.client == client and entry.at_s <= ends_s]
        own.sort(key=lambda entry: entry.at_s)
        times = tuple(entry.at_s for entry in own)
        return cls(times, tuple(Conditions.from_dict(entry.conditions).in_force() for entry in own), ends_s)

    @property
    def changed(self) -> bool:
        """Whether they ever changed, apart from the seed."""
        # Every run sets the clients' seeds, which does not change their networks.
        return len({repr({**conditions.to_dict(), "seed": None}) for conditions in self.conditions}) > 1

    @property
    def flows(self) -> tuple[str, ...]:
        """The names of all flows, in order of first appearance."""
        return tuple(dict.fromkeys(flow.name for conditions in self.conditions for flow in conditions.flows))

    def links(self, direction: str, flow: str | None = None) -> tuple[LinkConditions | None, ...]:
        """One direction's values at each of `times_s`; None while the flow does not exist."""
        return tuple(_link(conditions, direction, flow) for conditions in self.conditions)

    def over(
        self, links: Sequence[LinkConditions | None], value: Callable[[LinkConditions], float | None]
    ) -> tuple[list[float], list[float | None]]:
        """A value at each of `times_s`, in force until the next, and the last one again at the end."""
        if not self.times_s:
            return [], []
        values = [None if link is None else value(link) for link in links]
        return [*self.times_s, self.ends_s], [*values, values[-1]]


def rate_bps(link: LinkConditions) -> float | None:
    """The configured rate; None if it is unlimited or comes from a trace."""
    return None if link.rate_bps is None or math.isinf(link.rate_bps) else link.rate_bps


def loss_share(link: LinkConditions) -> float | None:
    """The long-term share of lost packets, 0 to 1, of all loss models combined; None without loss."""
    if link.outage or link.reject:
        return 1.0
    shares = [link.loss, _gemodel_share(link), _state_share(link), 1 / link.loss_every if link.loss_every else None]
    # Rounded, because 1 - (1 - 0.05) is not quite 0.05.
    active = [share for share in shares if share is not None]
    return round(1 - math.prod(1 - share for share in active), 9) if active else None


def delay_ms(link: LinkConditions) -> float | None:
    """The nominal delay; None if neither latency nor jitter is configured."""
    if link.latency_ns is None and link.jitter_ns is None:
        return None
    return (link.latency_ns or 0) / _NS_PER_MS


def least_delay_ms(link: LinkConditions) -> float | None:
    middle = delay_ms(link)
    below = 0.0 if link.distribution == "one-sided" else (link.jitter_ns or 0) / _NS_PER_MS
    return None if middle is None else 0.0 if link.early else max(0.0, middle - below)


def most_delay_ms(link: LinkConditions) -> float | None:
    middle = delay_ms(link)
    return None if middle is None else middle + (link.jitter_ns or 0) / _NS_PER_MS


def trace_names(links: Iterable[LinkConditions | None], of: str) -> tuple[str, ...]:
    """The trace files in use; `of` is rate_trace or delay_trace."""
    return tuple(dict.fromkeys(name for link in links if link and (name := getattr(link, of))))


def _link(conditions: Conditions, direction: str, flow: str | None) -> LinkConditions | None:
    link: LinkConditions = getattr(conditions, direction)
    if flow is None:
        return link
    match = next((entry for entry in conditions.flows if entry.name == flow), None)
    return getattr(match, direction).over(link) if match else None


def _gemodel_share(link: LinkConditions) -> float | None:
    """The stationary loss of the two-state chain (tc-netem's gemodel)."""
    model = link.loss_gemodel
    if model is None:
        return None
    turns = model.to_bad + model.to_good
    bad = model.to_bad / turns if turns else 0.0
    return bad * model.lost_in_bad + (1 - bad) * model.lost_in_good


def _state_share(link: LinkConditions) -> float | None:
    """The stationary loss of the four-state chain (tc-netem's state); None if it can get stuck in a state."""
    model = link.loss_state
    if model is None:
        return None
    if not model.p31 or (model.p32 and not model.p23):
        return None if model.p13 else model.p14 / (1 + model.p14)
    burst = model.p13 / model.p31
    within = burst * model.p32 / model.p23 if model.p32 else 0.0
    return (burst + model.p14) / (1 + burst + within + model.p14)
