"""What every measurement can do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from ..figure import Figure, Values
from ..testbed import Kind, Testbed


class Measurement(Protocol):
    """One run of it takes a few seconds, and gives a value for each of its figures."""

    @property
    def name(self) -> str:
        """How it is asked for; a slash parts the group from the one."""

    @property
    def kinds(self) -> Sequence[Kind]:
        """What it measures."""

    @property
    def figures(self) -> Sequence[Figure]: ...

    def run(self, testbed: Testbed, kind: Kind) -> Values: ...
