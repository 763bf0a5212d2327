"""What is in force on a client's network at one moment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from ..conditions import Conditions

Names = Mapping[str, Sequence[str]]
Sowing = tuple[int, int]
"""The entry that set the seed in force (0: none), and that seed."""


class InForce(NamedTuple):
    """All that decides about packets: conditions without what is muted, addresses of hosts in flows, and the sowing.

    A new sowing restarts all random draws, also if it has the same seed: setting a seed again repeats a run.
    """

    conditions: Conditions
    names: Names = MappingProxyType({})
    sowing: Sowing = (0, 0)
