"""A change of a client's network, as commands, steps and Python describe it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from syntheticnet.conditions import MOST_GAP_NS, OVERLAP_NS, ROAM_HOWS, ConditionsError, RoamHow, write_duration

from ..errors import WrongUse, did_you_mean
from ..text.durations import format_duration
from .durations import parse_between


@dataclass(frozen=True, slots=True, kw_only=True)
class RoamPlan:
    """Go to the uplink `to`, or, if that is None, to another address in the present network.

    `gap_ns`: how long a jump has no network, and a step both.
    """

    to: str | None = None
    how: RoamHow = "jump"
    gap_ns: int = 0

    def body(self) -> dict[str, Any]:
        """The request to the client's API."""
        where: dict[str, Any] = {"new_address": True} if self.to is None else {"to": self.to}
        return {**where, "how": self.how, "gap": write_duration(self.gap_ns)}

    def __str__(self) -> str:
        where = "to a new address" if self.to is None else f"to {self.to}"
        both = "both networks" if self.how == "step" else "no network"
        return f"{self.how} {where}" + (f", {format_duration(self.gap_ns)} with {both}" if self.gap_ns else "")


def plan_roam(to: str | None, new_address: bool, how: str | None, gap: str | None, dashes: str = "") -> RoamPlan:
    """Checks what was asked; `dashes` precede the names of flags in messages. Raises WrongUse."""
    to_key, anew, how_key, gap_key = (f"{dashes}{key}" for key in ("to", _spelled("new_address", dashes), "how", "gap"))
    if new_address == (to is not None):
        raise WrongUse(f"give one of {to_key} and {anew}")
    if how is not None and how not in ROAM_HOWS:
        raise WrongUse(f"{how_key}: '{how}' is not one of {', '.join(ROAM_HOWS)}{did_you_mean(how, ROAM_HOWS)}")
    if new_address and how == "step":
        raise WrongUse(f"{how_key}: with {anew} the old address goes before the new one comes: jump only")
    chosen: RoamHow = "step" if how == "step" else "jump"
    gap_ns = OVERLAP_NS if chosen == "step" else 0
    if gap is not None:
        try:
            gap_ns = parse_between(gap, 0, MOST_GAP_NS)
        except ConditionsError as error:
            raise WrongUse(f"{gap_key}: {error.what}") from None
    return RoamPlan(to=to, how=chosen, gap_ns=gap_ns)


def refuse_roam(name: str, uplinks: Sequence[str], plan: RoamPlan) -> None:
    """Raise WrongUse if a client with these uplinks cannot do that."""
    if not uplinks:
        raise WrongUse(
            f"{name} is behind no router, and changes no network: give it `uplinks: [home, lte]` in its stack"
        )
    if plan.to is None:
        return
    if len(uplinks) == 1:
        raise WrongUse(f"{name} has one network only: give it `uplinks: [{uplinks[0]}, ...]` instead of `uplink`")
    if plan.to not in uplinks:
        hint = did_you_mean(plan.to, uplinks)
        raise WrongUse(f"{name} has no uplink '{plan.to}'{hint}; it has: {', '.join(uplinks)}")


def _spelled(key: str, dashes: str) -> str:
    return key.replace("_", "-") if dashes else key
