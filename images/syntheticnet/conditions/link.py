"""The wished values of one link: every effect that one direction can have, declared once for files, flags and API."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import Field, dataclass, field, fields, replace
from typing import Any

from .errors import ConditionsError, refuse_unknown
from .units import BYTES, QUEUE, RATE, SHARE, SWITCH, TIME, QueueLimit, Unit, choice


def _value(name: str, unit: Unit, help: str, example: str, needs: str | None = None) -> Any:
    """A field of LinkConditions: `name` is what people write; `needs` names the value it is void without."""
    meta = {"name": name, "unit": unit, "help": help, "example": example, "needs": needs}
    return field(default=None, metadata=meta)


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkConditions:
    """What is wished of one direction. None means "not named": no impairment on a link, "as the link" on a flow."""

    rate_bps: float | None = _value(
        "rate", RATE, "bit rate of the bottleneck, counted as tc does: Ethernet header and IP packet", "1mbit"
    )
    queue: QueueLimit | None = _value(
        "queue", QUEUE, "how much may wait at the bottleneck (else 200ms, and 10 packets at least)", "200ms", "rate"
    )
    overhead_bytes: int | None = _value(
        "overhead", BYTES, "bytes that each packet costs the bottleneck beside its frame", "24b", "rate"
    )
    loss: float | None = _value("loss", SHARE, "share of packets dropped, independently of each other", "5%")
    latency_ns: int | None = _value("latency", TIME, "delay of every packet, one way", "80ms")
    jitter_ns: int | None = _value(
        "jitter", TIME, "variation of the delay: a uniform draw from latency-jitter to latency+jitter", "20ms"
    )
    distribution: str | None = _value(
        "distribution",
        choice("uniform", "one-sided"),
        "law of the jitter: uniform (both sides of the latency) or one-sided (latency to latency+jitter)",
        "one-sided",
        "jitter",
    )
    jitter_share: float | None = _value(
        "jitter_share", SHARE, "share of packets that the jitter touches (else all)", "50%", "jitter"
    )
    reordering: bool | None = _value("reordering", SWITCH, "let jitter change the order of packets", "true", "jitter")

    def __post_init__(self) -> None:
        for item in condition_fields():
            needs = item.metadata["needs"]
            if needs and getattr(self, item.name) is not None and getattr(self, _attribute(needs)) is None:
                raise ConditionsError(f"has no effect without a {needs}: give one beside it", item.metadata["name"])

    def changed(self, change: object) -> LinkConditions:
        """These values with those of `change` (name -> written value, None clears) put in; raises ConditionsError."""
        if not isinstance(change, Mapping):
            raise ConditionsError(f"{change!r} is not a set of values such as {{loss: 5%, latency: 80ms}}")
        by_name = {item.metadata["name"]: item for item in condition_fields()}
        refuse_unknown(change, by_name, "condition")
        values = {by_name[name].name: _parsed(by_name[name], value) for name, value in change.items()}
        cleared = {name for name, value in change.items() if value is None}
        for name, item in by_name.items():
            if item.metadata["needs"] in cleared and name not in change:
                values[item.name] = None
        return replace(self, **values)

    @classmethod
    def from_dict(cls, values: object) -> LinkConditions:
        """The values as people write them, `{"loss": "5%"}`; unknown names and bad values raise ConditionsError."""
        return cls().changed(values)

    def to_dict(self) -> dict[str, Any]:
        """The named values as people write them; `from_dict` reads them back."""
        return {item.metadata["name"]: item.metadata["unit"].format(value) for item, value in self.named()}

    def named(self) -> Iterator[tuple[Field[Any], Any]]:
        """Each value that is named, with its field."""
        for item in condition_fields():
            value = getattr(self, item.name)
            if value is not None:
                yield item, value

    def over(self, base: LinkConditions) -> LinkConditions:
        """These values where they are named, those of `base` elsewhere."""
        return replace(base, **{item.name: value for item, value in self.named()})


def condition_fields() -> tuple[Field[Any], ...]:
    """The fields of LinkConditions; their metadata holds name, unit, help, example and needs."""
    return fields(LinkConditions)


def _attribute(name: str) -> str:
    return next(item.name for item in condition_fields() if item.metadata["name"] == name)


def _parsed(item: Field[Any], value: object) -> Any:
    if value is None:
        return None
    try:
        return item.metadata["unit"].parse(value)
    except ValueError as error:
        raise ConditionsError(str(error), item.metadata["name"]) from None
