"""Collects the mistakes of a file, so that the user sees all of them at once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from ..errors import WrongUse


class Mistakes:
    """Mistakes collected by `noted` and raised by `report`: the first as message, the others as details."""

    def __init__(self) -> None:
        self._lines: list[str] = []

    def __bool__(self) -> bool:
        return bool(self._lines)

    @contextmanager
    def noted(self) -> Iterator[None]:
        """Record a WrongUse raised in the block and continue after it."""
        try:
            yield
        except WrongUse as mistake:
            self._lines += [mistake.message, *mistake.details]

    def report(self) -> None:
        """Raise WrongUse if any mistake was recorded."""
        if self._lines:
            first, *others = dict.fromkeys(self._lines)
            raise WrongUse(first, others)
