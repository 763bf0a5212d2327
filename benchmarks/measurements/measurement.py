"""The protocol of measurements."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from ..figure import Figure, Values
from ..testbed import Kind, Testbed


class Measurement(Protocol):
    """A run takes a few seconds and returns a value for each figure."""

    @property
    def name(self) -> str:
        """Name for `--only`: `group/name`, or `name`."""

    @property
    def kinds(self) -> Sequence[Kind]:
        """The kinds of testbed it runs on."""

    @property
    def figures(self) -> Sequence[Figure]: ...

    def run(self, testbed: Testbed, kind: Kind) -> Values: ...
