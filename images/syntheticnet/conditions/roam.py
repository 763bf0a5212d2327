"""A request to change a client's network. It is no condition: what a client's networks do to packets stays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

RoamHow = Literal["jump", "step"]
ROAM_HOWS: tuple[RoamHow, ...] = get_args(RoamHow)
MOST_GAP_NS = 60_000_000_000
OVERLAP_NS = 1_000_000_000
"""How long a step has both networks unless the request says so."""


@dataclass(frozen=True, kw_only=True)
class RoamRequest:
    """Go to the network `to`, or, if that is None, to another address in the present one.

    `gap_ns` is the time without a network in a jump, and that with both in a step.
    """

    to: str | None = None
    how: RoamHow = "jump"
    gap_ns: int = 0
