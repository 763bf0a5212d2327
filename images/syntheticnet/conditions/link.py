"""The values of one link: every effect of one direction, declared once for files, flags and API."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import Field, dataclass, fields, replace
from functools import cache
from typing import Any

from .bottleneck import BottleneckConditions
from .condition import condition
from .errors import ConditionsError, refuse_unknown
from .losses import BURST, EVERY, GEMODEL, NUMBERS, STATE, FourState, GilbertElliott, PacketNumbers
from .traces import read_delay_trace, read_table
from .units import LOSS, POSITIVE_TIME, SHARE, SPAN, SWITCH, TIME, Span, byte_count, choice, file, packet_count

REJECTIONS = ("reset", "port-unreachable", "host-unreachable", "admin-prohibited")
DISTRIBUTIONS = ("uniform", "one-sided", "normal", "pareto", "paretonormal")

_MTU = byte_count(68, 65535, "1400b")  # RFC 791: every link carries 68 octets
_SLOT_BYTES = byte_count(1, 1 << 30, "64kb")


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkConditions(BottleneckConditions):
    """The values of one direction. None means "not set": no impairment on a link, "as the link" on a flow."""

    outage: bool | None = condition("outage", SWITCH, "drop every packet", "true")
    loss: float | None = condition("loss", LOSS, "share of packets dropped, independently of each other", "5%")
    loss_burst: float | None = condition("loss_burst", BURST, "mean length of loss bursts, in packets", "4p", ("loss",))
    loss_gemodel: GilbertElliott | None = condition(
        "loss_gemodel",
        GEMODEL,
        "loss with a good and a bad state: p [r [1-h [1-k]]] as in tc-netem's gemodel",
        "1% 10% 70% 0.1%",
        excludes="loss_burst",
    )
    loss_state: FourState | None = condition(
        "loss_state",
        STATE,
        "loss with four states: p13 [p31 [p32 [p23 [p14]]]] as in tc-netem's state",
        "1% 10% 5% 50% 0.1%",
    )
    loss_every: int | None = condition("loss_every", EVERY, "drop every n-th packet", "10p")
    loss_list: PacketNumbers | None = condition(
        "loss_list", NUMBERS, "drop the packets with these numbers, counted from 1 when this is set", "1,5-7,100"
    )
    corrupt: float | None = condition("corrupt", SHARE, "share of packets with one flipped bit", "0.1%")
    duplicate: float | None = condition("duplicate", SHARE, "share of packets sent twice", "1%")
    latency_ns: int | None = condition("latency", TIME, "one-way delay of every packet", "80ms")
    jitter_ns: int | None = condition(
        "jitter",
        TIME,
        "variation of the delay: uniform from latency-jitter to latency+jitter, keeping the order",
        "20ms",
    )
    distribution: str | None = condition(
        "distribution",
        choice(*DISTRIBUTIONS),
        "jitter distribution: uniform (both sides of the latency), one-sided (latency to latency+jitter), or "
        "tc-netem's normal, pareto or paretonormal, scaled by the jitter",
        "normal",
        ("jitter",),
    )
    jitter_table: str | None = condition(
        "jitter_table",
        file("table", read_table),
        "uploaded table of the jitter distribution, in the format of tc-netem (iproute2); instead of a distribution",
        "wifi.dist",
        ("jitter",),
        excludes="distribution",
    )
    jitter_share: float | None = condition(
        "jitter_share", SHARE, "share of packets the jitter applies to (default all)", "50%", ("jitter",)
    )
    reordering: bool | None = condition(
        "reordering", SWITCH, "let jitter change the order of packets", "true", ("jitter",)
    )
    delay_trace: str | None = condition(
        "delay_trace",
        file("delay trace", read_delay_trace),
        "uploaded trace of the delay over time (lines of: milliseconds, delay in ms); added to the latency",
        "wifi.delay",
    )
    hold_ns: int | None = condition(
        "hold",
        TIME,
        "length of recurring stalls, after which everything that waited leaves at once, as in handovers",
        "200ms",
    )
    hold_every_ns: int | None = condition(
        "hold_every",
        POSITIVE_TIME,
        "time from the end of one hold to the end of the next (default 15s)",
        "15s",
        ("hold",),
    )
    reorder: float | None = condition("reorder", SHARE, "share of packets that later ones overtake", "1%")
    reorder_gap: int | None = condition(
        "reorder_gap",
        packet_count(1000, "3p"),
        "how many later packets overtake one (default 1p), which waits for them at most 100ms",
        "3p",
        ("reorder",),
    )
    slot: Span | None = condition(
        "slot", SPAN, "send packets in bursts: waiting packets leave together, this long after the first", "10ms-30ms"
    )
    slot_packets: int | None = condition(
        "slot_packets", packet_count(1_000_000, "32p"), "maximum packets per burst", "32p", ("slot",)
    )
    slot_bytes: int | None = condition(
        "slot_bytes", _SLOT_BYTES, "maximum bytes of frames per burst", "64kb", ("slot",)
    )
    mtu_bytes: int | None = condition(
        "mtu",
        _MTU,
        "drop longer IP packets and report the limit to the sender (IPv6 ignores limits below 1280b)",
        "1400b",
    )
    mtu_answer: bool | None = condition(
        "mtu_answer", SWITCH, "whether to report the limit to the sender (default yes)", "false", ("mtu",)
    )
    reject: str | None = condition(
        "reject",
        choice(*REJECTIONS),
        "drop every packet and answer this way; reset is a TCP reset, and port-unreachable for other protocols",
        "reset",
    )

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
