"""Declares one value of a link: how it is written, what it means, and what it requires."""

from __future__ import annotations

from dataclasses import field
from typing import Any

from .units import Unit


def condition(
    name: str,
    unit: Unit,
    help: str,
    example: str,
    needs: tuple[str, ...] = (),
    among: tuple[str, ...] = (),
    excludes: str | None = None,
) -> Any:
    """A field of LinkConditions, written as `name`.

    It is void (has no effect) unless one of the values in `needs` is set, to one of `among` if given, and cannot be
    combined with `excludes`.
    """
    meta = {"name": name, "unit": unit, "help": help, "example": example}
    return field(default=None, metadata=meta | {"needs": needs, "among": among, "excludes": excludes})
