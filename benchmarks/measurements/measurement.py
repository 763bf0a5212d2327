"""The protocol of measurements."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol, TypeVar, runtime_checkable

from ..figure import Figure, Values
from ..lab_bed import LabBed
from ..testbed import Kind

OnBed = TypeVar("OnBed", contravariant=True)


class Measurement(Protocol[OnBed]):
    """Runs on a testbed or in a lab; a run takes a few seconds, in a lab a minute, and returns each figure's value."""

    @property
    def name(self) -> str:
        """Name for `--only`: `group/name`, or `name`."""

    @property
    def kinds(self) -> Sequence[Kind]:
        """The kinds of testbed it runs on."""

    @property
    def figures(self) -> Sequence[Figure]: ...

    def run(self, bed: OnBed, kind: Kind, /) -> Values: ...


@runtime_checkable
class InLab(Measurement[LabBed], Protocol):
    @property
    def stack(self) -> Mapping[str, Any]:
        """The stack file of its lab."""
