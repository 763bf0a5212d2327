"""The mistakes of one file, which are reported together: who has made several sees them all at once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from ..errors import WrongUse


class Mistakes:
    """Lines that `noted` collects and `report` raises: one in front, the others under it."""

    def __init__(self) -> None:
        self._lines: list[str] = []

    def __bool__(self) -> bool:
        return bool(self._lines)

    @contextmanager
    def noted(self) -> Iterator[None]:
        """Go on after a WrongUse that is raised within."""
        try:
            yield
        except WrongUse as mistake:
            self._lines += [mistake.message, *mistake.details]

    def report(self) -> None:
        """Raise WrongUse, if there is any."""
        if self._lines:
            first, *others = dict.fromkeys(self._lines)
            raise WrongUse(first, others)
