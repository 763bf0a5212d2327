"""The values of one link: every effect of one direction, declared once for files, flags and API."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import Field, dataclass, field, fields, replace
from functools import cache
from typing import Any

from .errors import ConditionsError, refuse_unknown
from .losses import BURST, EVERY, GEMODEL, NUMBERS, STATE, FourState, GilbertElliott, PacketNumbers
from .traces import read_delay_trace, read_rate_trace, read_table
from .units import (
    BYTES,
    LOSS,
    POSITIVE_TIME,
    QUEUE,
    RATE,
    SHARE,
    SPAN,
    SWITCH,
    TIME,
    QueueLimit,
    Span,
    Unit,
    byte_count,
    choice,
    file,
    packet_count,
)

REJECTIONS = ("reset", "port-unreachable", "host-unreachable", "admin-prohibited")
DISTRIBUTIONS = ("uniform", "one-sided", "normal", "pareto", "paretonormal")

_MTU = byte_count(68, 65535, "1400b")  # RFC 791: every link carries 68 octets
_SLOT_BYTES = byte_count(1, 1 << 30, "64kb")


def _value(
    name: str, unit: Unit, help: str, example: str, needs: tuple[str, ...] = (), excludes: str | None = None
) -> Any:
    """A field of LinkConditions, written as `name`.

    It is void (has no effect) unless one of the values in `needs` is set, and cannot be combined with `excludes`.
    """
    meta = {"name": name, "unit": unit, "help": help, "example": example, "needs": needs, "excludes": excludes}
    return field(default=None, metadata=meta)


_BOTTLENECK = ("rate", "rate_trace")


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkConditions:
    """The values of one direction. None means "not set": no impairment on a link, "as the link" on a flow."""

    rate_bps: float | None = _value(
        "rate", RATE, "bit rate of the bottleneck, counting Ethernet header and IP packet as tc does", "1mbit"
    )
    rate_trace: str | None = _value(
        "rate_trace",
        file("rate trace", read_rate_trace),
        "uploaded mahimahi trace: each line is a time in ms at which 1500 bytes may leave; instead of a rate",
        "lte.up",
        excludes="rate",
    )
    queue: QueueLimit | None = _value(
        "queue",
        QUEUE,
        "how much may wait at the bottleneck (default 200ms, but at least 10 full-size packets)",
        "200ms",
        _BOTTLENECK,
    )
    overhead_bytes: int | None = _value(
        "overhead", BYTES, "bytes each packet costs the bottleneck in addition to its frame", "24b", _BOTTLENECK
    )
    aqm: str | None = _value(
        "aqm",
        choice("droptail", "codel"),
        "which packets the queue drops: droptail (arrivals when it is full) or codel (also after a long wait)",
        "codel",
        _BOTTLENECK,
    )
    codel_target_ns: int | None = _value(
        "codel_target", POSITIVE_TIME, "queueing delay CoDel aims for (default 5ms)", "5ms", ("aqm",)
    )
    codel_interval_ns: int | None = _value(
        "codel_interval",
        POSITIVE_TIME,
        "how long the delay may exceed the target before CoDel acts (default 100ms)",
        "100ms",
        ("aqm",),
    )
    ecn: bool | None = _value(
        "ecn", SWITCH, "let CoDel mark ECN-capable packets instead of dropping them", "true", ("aqm",)
    )
    outage: bool | None = _value("outage", SWITCH, "drop every packet", "true")
    loss: float | None = _value("loss", LOSS, "share of packets dropped, independently of each other", "5%")
    loss_burst: float | None = _value("loss_burst", BURST, "mean length of loss bursts, in packets", "4p", ("loss",))
    loss_gemodel: GilbertElliott | None = _value(
        "loss_gemodel",
        GEMODEL,
        "loss with a good and a bad state: p [r [1-h [1-k]]] as in tc-netem's gemodel",
        "1% 10% 70% 0.1%",
        excludes="loss_burst",
    )
    loss_state: FourState | None = _value(
        "loss_state",
        STATE,
        "loss with four states: p13 [p31 [p32 [p23 [p14]]]] as in tc-netem's state",
        "1% 10% 5% 50% 0.1%",
    )
    loss_every: int | None = _value("loss_every", EVERY, "drop every n-th packet", "10p")
    loss_list: PacketNumbers | None = _value(
        "loss_list", NUMBERS, "drop the packets with these numbers, counted from 1 when this is set", "1,5-7,100"
    )
    corrupt: float | None = _value("corrupt", SHARE, "share of packets with one flipped bit", "0.1%")
    duplicate: float | None = _value("duplicate", SHARE, "share of packets sent twice", "1%")
    latency_ns: int | None = _value("latency", TIME, "one-way delay of every packet", "80ms")
    jitter_ns: int | None = _value(
        "jitter",
        TIME,
        "variation of the delay: uniform from latency-jitter to latency+jitter, keeping the order",
        "20ms",
    )
    distribution: str | None = _value(
        "distribution",
        choice(*DISTRIBUTIONS),
        "jitter distribution: uniform (both sides of the latency), one-sided (latency to latency+jitter), or "
        "tc-netem's normal, pareto or paretonormal, scaled by the jitter",
        "normal",
        ("jitter",),
    )
    jitter_table: str | None = _value(
        "jitter_table",
        file("table", read_table),
        "uploaded table of the jitter distribution, in the format of tc-netem (iproute2); instead of a distribution",
        "wifi.dist",
        ("jitter",),
        excludes="distribution",
    )
    jitter_share: float | None = _value(
        "jitter_share", SHARE, "share of packets the jitter applies to (default all)", "50%", ("jitter",)
    )
    reordering: bool | None = _value(
        "reordering", SWITCH, "let jitter change the order of packets", "true", ("jitter",)
    )
    delay_trace: str | None = _value(
        "delay_trace",
        file("delay trace", read_delay_trace),
        "uploaded trace of the delay over time (lines of: milliseconds, delay in ms); added to the latency",
        "wifi.delay",
    )
    hold_ns: int | None = _value(
        "hold",
        TIME,
        "length of recurring stalls, after which everything that waited leaves at once, as in handovers",
        "200ms",
    )
    hold_every_ns: int | None = _value(
        "hold_every",
        POSITIVE_TIME,
        "time from the end of one hold to the end of the next (default 15s)",
        "15s",
        ("hold",),
    )
    reorder: float | None = _value("reorder", SHARE, "share of packets that later ones overtake", "1%")
    reorder_gap: int | None = _value(
        "reorder_gap",
        packet_count(1000, "3p"),
        "how many later packets overtake one (default 1p), which waits for them at most 100ms",
        "3p",
        ("reorder",),
    )
    slot: Span | None = _value(
        "slot", SPAN, "send packets in bursts: waiting packets leave together, this long after the first", "10ms-30ms"
    )
    slot_packets: int | None = _value(
        "slot_packets", packet_count(1_000_000, "32p"), "maximum packets per burst", "32p", ("slot",)
    )
    slot_bytes: int | None = _value("slot_bytes", _SLOT_BYTES, "maximum bytes of frames per burst", "64kb", ("slot",))
    mtu_bytes: int | None = _value(
        "mtu",
        _MTU,
        "drop longer IP packets and report the limit to the sender (IPv6 ignores limits below 1280b)",
        "1400b",
    )
    mtu_answer: bool | None = _value(
        "mtu_answer", SWITCH, "whether to report the limit to the sender (default yes)", "false", ("mtu",)
    )
    reject: str | None = _value(
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
            needs = item.metadata["needs"]
            if needs and not any(self._has(other) and other not in found for other in needs):
                found[item.metadata["name"]] = " or ".join(needs)
        return found

    def effective(self) -> LinkConditions:
        """These values without the void ones; the same object if there are none."""
        void = self.void()
        return replace(self, **{_attribute(name): None for name in void}) if void else self

    def _has(self, name: str) -> bool:
        return getattr(self, _attribute(name)) is not None


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
    """The fields of LinkConditions; the metadata has name, unit, help, example, needs and excludes."""
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
