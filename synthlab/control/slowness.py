"""Detects when this machine is too slow for reliable measurements."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

from syntheticnet.conditions import DIRECTIONS, RATE, Conditions

from .state import MOST_LATE_MS, ClientState

FULLY_BUSY = 0.9
"""From this share of one processor on, a forwarder has no time left: it does not use two."""
DOUBTFUL_BPS = 50_000_000
"""A rate from which on a slow machine may not reach it: a twentieth of what two CPUs of a server estimate, 1.1gbit."""
REACHED = 0.9
"""The least share of a rate that counts as reached while the forwarder is fully busy."""


def too_slow(states: Mapping[str, ClientState]) -> list[str]:
    """One line per link on which this machine was too slow in the last second."""
    return [
        f"{name} {direction}: this machine is too slow: {reason}"
        for name, state in states.items()
        for direction in DIRECTIONS
        for reason in _slow(state, direction)
    ]


def _slow(state: ClientState, direction: str) -> Iterator[str]:
    late_ms = state.lateness.get(direction, {}).get("p99_ms", 0.0)
    if late_ms > MOST_LATE_MS:
        yield f"packets left up to {late_ms:.0f} ms late in the last second"
    if short := shortfall(state, direction):
        yield short
    link = state.links.get(direction)
    if link and (count := link.achieved.get("discarded")):
        yield f"the lab itself discarded {count:.0f} packets in the last second"


def out_of_reach(states: Mapping[str, ClientState]) -> list[str]:
    """One line per rate that is set and above what the forwarder estimates that it can forward."""
    return [
        f"{name} {direction}{flow}: {RATE.format(rate_bps)} is out of reach: this machine forwards about "
        f"{RATE.format(float(f'{state.reach_bps:.2g}'))} of full-size packets (an estimate)"
        for name, state in states.items()
        for direction in DIRECTIONS
        for flow, rate_bps in _rates(state.configured, direction)
        if state.reach_bps < rate_bps < math.inf
    ]


def is_doubtful(configured: Conditions) -> bool:
    """Whether a rate is in force that is worth asking the forwarder about."""
    rates = (rate_bps for direction in DIRECTIONS for _, rate_bps in _rates(configured.in_force(), direction))
    return any(DOUBTFUL_BPS <= rate_bps < math.inf for rate_bps in rates)


def _rates(configured: Conditions, direction: str) -> Iterator[tuple[str, float]]:
    """The rates that are set, each with its flow."""
    for flow, owner in (("", configured), *((f" {flow.name}", flow) for flow in configured.flows)):
        rate_bps = getattr(owner, direction).rate_bps
        if rate_bps is not None:
            yield flow, rate_bps


def shortfall(state: ClientState, direction: str) -> str | None:
    """What keeps a link from the rate that is set, if that is its forwarder and not the sender or the rate itself.

    The forwarder then uses a whole processor and still forwards less.
    """
    link, values = state.links.get(direction), getattr(state.configured, direction)
    if state.busy < FULLY_BUSY or link is None:
        return None
    rate_bps = link.achieved.get("rate_bps", 0)
    reached = f"its forwarder used {state.busy:.0%} of a processor to forward {RATE.format(float(round(rate_bps, -4)))}"
    if values.rate_trace:
        return f"{reached}, and may not have reached the rates of {values.rate_trace}"
    if values.rate_bps is None or math.isinf(values.rate_bps) or rate_bps >= REACHED * values.rate_bps:
        return None
    return f"{reached}, less than the {RATE.format(values.rate_bps)} set"
