"""The conditions of one link: values that require or exclude others, and changes of them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import Field, dataclass, fields, replace
from functools import cache
from typing import Any

from .errors import ConditionsError, refuse_unknown
from .link_values import LinkValues


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkConditions(LinkValues):
    """The values of one direction that go together; changed as a whole. Its fields are in LinkValues."""

    def __post_init__(self) -> None:
        for item, _ in self.named():
            name, excludes = item.metadata["name"], item.metadata["excludes"]
            if excludes and self._has(excludes) and getattr(self, _attribute(excludes)) != math.inf:
                raise ConditionsError(f"cannot be combined with {excludes}; clear one of them", name)

    def changed(self, change: object) -> LinkConditions:
        """These values with `change`, written (name -> value, None clears) or parsed, applied; raises ConditionsError.

        Other values stay, even if the change makes them void. Setting a value that would be void is an error.
        """
        parsed = LinkChange.of(change)
        changed = self.restored(parsed)
        for name, partner in changed.void().items():
            if _attribute(name) in parsed.values:
                raise ConditionsError(f"requires {partner}", name)
        return changed

    @classmethod
    def from_dict(cls, values: object) -> LinkConditions:
        """Parse written values, `{"loss": "5%"}`; unknown names and bad values raise ConditionsError.

        Accepts everything `to_dict` writes, including void values.
        """
        return cls().restored(values)

    def to_dict(self) -> dict[str, Any]:
        """The values that are set, in written form; `from_dict` reads them back."""
        return {item.metadata["name"]: item.metadata["unit"].format(value) for item, value in self.named()}

    def named(self) -> Iterator[tuple[Field[Any], Any]]:
        """Each value that is set, with its field."""
        for item in condition_fields():
            value = getattr(self, item.name)
            if value is not None:
                yield item, value

    def over(self, base: LinkConditions) -> LinkConditions:
        """These values over those of `base`, without the base values that these exclude."""
        return base.under(LinkChange({item.name: value for item, value in self.named()}))

    def under(self, change: LinkChange) -> LinkConditions:
        """These values with `change` over them, without those that it excludes; it may make values void."""
        cleared = {other for name, value in change.values.items() if value is not None for other in _excluded(name)}
        return replace(self, **{**dict.fromkeys(cleared), **change.values})

    def restored(self, change: object) -> LinkConditions:
        """As `changed`, but accepts void values: for a change that was applied before."""
        return _possible(replace(self, **LinkChange.of(change).values))

    def void(self) -> dict[str, str]:
        """The values that have no effect, and what each one requires: `{"queue": "rate or rate_trace"}`."""
        found: dict[str, str] = {}
        for item, _ in self.named():
            needs, among = item.metadata["needs"], item.metadata["among"]
            if needs and not any(self._has(other, among) and other not in found for other in needs):
                found[item.metadata["name"]] = " or ".join(needs) + (f" {' or '.join(among)}" if among else "")
        return found

    def effective(self) -> LinkConditions:
        """These values without the void ones; the same object if there are none."""
        void = self.void()
        return replace(self, **{_attribute(name): None for name in void}) if void else self

    def _has(self, name: str, among: tuple[str, ...] = ()) -> bool:
        value = getattr(self, _attribute(name))
        return value is not None and (not among or value in among)


@dataclass(frozen=True, slots=True)
class LinkChange:
    """Parsed values of a link, by attribute of LinkConditions; None clears one."""

    values: Mapping[str, Any]

    @classmethod
    def of(cls, change: object) -> LinkChange:
        """A written or already parsed change; raises ConditionsError."""
        return change if isinstance(change, LinkChange) else cls.parse(change)

    @classmethod
    def parse(cls, written: object) -> LinkChange:
        """Parse `{"loss": "5%"}`; raises ConditionsError for an unknown name or a bad value."""
        if not isinstance(written, Mapping):
            raise ConditionsError(f"{written!r} is not a mapping of values such as {{loss: 5%, latency: 80ms}}")
        by_name = {item.metadata["name"]: item for item in condition_fields()}
        refuse_unknown(written, by_name, "condition")
        return cls({by_name[name].name: _parsed(by_name[name], value) for name, value in written.items()})

    def without(self, other: LinkChange) -> LinkChange:
        """This change without the values that `other` sets or clears, and without those that it excludes."""
        excluded = {gone for name, value in other.values.items() if value is not None for gone in _excluded(name)}
        return LinkChange(
            {name: value for name, value in self.values.items() if name not in other.values and name not in excluded}
        )

    def to_dict(self) -> dict[str, Any]:
        """The change in written form; `parse` reads it back."""
        by_attribute = {item.name: item.metadata for item in condition_fields()}
        return {
            by_attribute[name]["name"]: None if value is None else by_attribute[name]["unit"].format(value)
            for name, value in self.values.items()
        }


def condition_fields() -> tuple[Field[Any], ...]:
    """The fields of LinkConditions; the metadata has name, unit, help, example, needs, among and excludes."""
    return fields(LinkConditions)


def _attribute(name: str) -> str:
    return next(item.name for item in condition_fields() if item.metadata["name"] == name)


@cache
def _excluded(attribute: str) -> tuple[str, ...]:
    """The attributes that cannot be combined with this one."""
    pairs = [
        (item.name, _attribute(item.metadata["excludes"])) for item in condition_fields() if item.metadata["excludes"]
    ]
    return tuple(other for pair in pairs if attribute in pair for other in pair if other != attribute)


def _possible(values: LinkConditions) -> LinkConditions:
    """The same values; raises ConditionsError if bursts this short cannot produce this much loss."""
    loss, burst = values.loss or 0.0, values.loss_burst
    least = round(loss / (1 - loss), 6) if loss < 1 else 1.0
    if burst is not None and burst < least:
        raise ConditionsError(f"is too short for this loss; at least {math.ceil(least)}p", "loss_burst")
    return values


def _parsed(item: Field[Any], value: object) -> Any:
    if value is None:
        return None
    try:
        return item.metadata["unit"].parse(value)
    except ValueError as error:
        raise ConditionsError(str(error), item.metadata["name"]) from None
