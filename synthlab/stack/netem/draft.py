"""The translation that is being made: values in written form, and notes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from syntheticnet.conditions import condition_fields

from ...errors import WrongUse

_UNITS = {item.metadata["name"]: item.metadata["unit"] for item in condition_fields()}


class Draft:
    """`values` by name; None clears one."""

    def __init__(self) -> None:
        self.values: dict[str, Any] = {}
        self.notes: list[str] = []

    def clear(self, *names: str) -> None:
        """Clear what an option replaces; call it before `put`."""
        self.values |= dict.fromkeys(names)

    def put(self, option: str, name: str, value: Any) -> None:
        """Set a value that is given in base units; None leaves it as it is. Raises WrongUse if it is out of bounds."""
        if value is None:
            return
        self.write(option, name, _UNITS[name].format(value))

    def write(self, option: str, name: str, written: Any) -> None:
        """Set a value in written form. Raises WrongUse if it is out of bounds."""
        try:
            self.values[name] = _UNITS[name].format(_UNITS[name].parse(written))
        except ValueError as error:
            raise WrongUse(f"{option}: {name} {error}") from None

    def ordered(self) -> dict[str, Any]:
        """The values in the order of the conditions."""
        return {name: self.values[name] for name in _UNITS if name in self.values}

    def note(self, text: str) -> None:
        self.notes.append(text)

    def note_order(self, kinds: Sequence[str]) -> None:
        """Say where the order of effects makes a difference."""
        if "rate" not in self.values:
            return
        early = [
            name for name in ("loss", "loss_gemodel", "loss_state", "duplicate", "jitter") if self.values.get(name)
        ]
        if early:
            there = "its tbf" if "tbf" in kinds else "its rate"
            self.note(
                f"tc-netem applies {', '.join(early)} before {there}; here the bottleneck comes first, and what is "
                "lost behind it has used it"
            )
