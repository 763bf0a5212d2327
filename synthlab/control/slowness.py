"""Whether this machine was too slow for what is measured to say anything."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from syntheticnet.conditions import DIRECTIONS

from .state import MOST_LATE_MS, ClientState


def too_slow(states: Mapping[str, ClientState]) -> list[str]:
    """A line for each link on which this machine was too slow over the last second: what it measures says little."""
    return [
        f"{name} {direction}: this machine is too slow: {what}"
        for name, state in states.items()
        for direction in DIRECTIONS
        for what in _slow(state, direction)
    ]


def _slow(state: ClientState, direction: str) -> Iterator[str]:
    late_ms = state.lateness.get(direction, {}).get("p99_ms", 0.0)
    if late_ms > MOST_LATE_MS:
        yield f"packets left up to {late_ms:.0f} ms late in the last second"
    link = state.links.get(direction)
    if link and (count := link.achieved.get("discarded")):
        yield f"the lab itself discarded {count:.0f} packets in the last second"
