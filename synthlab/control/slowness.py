"""Detects when this machine is too slow for reliable measurements."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from syntheticnet.conditions import DIRECTIONS

from .state import MOST_LATE_MS, ClientState


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
    link = state.links.get(direction)
    if link and (count := link.achieved.get("discarded")):
        yield f"the lab itself discarded {count:.0f} packets in the last second"
