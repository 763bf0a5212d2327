"""The configured values of one link: every effect of one direction, declared once for files, flags and API."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import Field, dataclass, field, fields, replace
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
    """A field of LinkConditions: `name` is what people write.

    It is void, without effect, where none of the values that `needs` names is there, and it cannot stand beside the
    one that `excludes` names.
    """
    meta = {"name": name, "unit": unit, "help": help, "example": example, "needs": needs, "excludes": excludes}
    return field(default=None, metadata=meta)


_BOTTLENECK = ("rate", "rate_trace")


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkConditions:
    """The values of one direction. None means "not named": no impairment on a link, "as the link" on a flow."""

    rate_bps: float | None = _value(
        "rate", RATE, "bit rate of the bottleneck, counted as tc does: Ethernet header and IP packet", "1mbit"
    )
    rate_trace: str | None = _value(
        "rate_trace",
        file("rate trace", read_rate_trace),
        "trace of when the bottleneck forwards 1500 bytes, in mahimahi's format; instead of a rate",
        "lte.up",
        excludes="rate",
    )
    queue: QueueLimit | None = _value(
        "queue",
        QUEUE,
        "how much may wait at the bottleneck (default 200ms, at least 10 full-size packets)",
        "200ms",
        _BOTTLENECK,
    )
    overhead_bytes: int | None = _value(
        "overhead", BYTES, "bytes added to each packet's frame at the bottleneck", "24b", _BOTTLENECK
    )
    aqm: str | None = _value(
        "aqm",
        choice("droptail", "codel"),
        "which packets the queue drops: droptail (when it is full) or codel (also after long waits)",
        "codel",
        _BOTTLENECK,
    )
    codel_target_ns: int | None = _value(
        "codel_target", POSITIVE_TIME, "CoDel's target delay in the queue (default 5ms)", "5ms", ("aqm",)
    )
    codel_interval_ns: int | None = _value(
        "codel_interval",
        POSITIVE_TIME,
        "how long the delay may exceed the target before CoDel drops (default 100ms)",
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
        "Gilbert-Elliott loss: p [r [1-h [1-k]]] of tc-netem's gemodel",
        "1% 10% 70% 0.1%",
        excludes="loss_burst",
    )
    loss_state: FourState | None = _value(
        "loss_state",
        STATE,
        "four-state loss: p13 [p31 [p32 [p23 [p14]]]] of tc-netem's state",
        "1% 10% 5% 50% 0.1%",
    )
    loss_every: int | None = _value("loss_every", EVERY, "drop every n-th packet", "10p")
    loss_list: PacketNumbers | None = _value(
        "loss_list", NUMBERS, "drop packets by number, counted from 1 when the value takes effect", "1,5-7,100"
    )
    corrupt: float | None = _value("corrupt", SHARE, "share of packets with one flipped bit", "0.1%")
    duplicate: float | None = _value("duplicate", SHARE, "share of packets delivered twice", "1%")
    latency_ns: int | None = _value("latency", TIME, "one-way delay of every packet", "80ms")
    jitter_ns: int | None = _value(
        "jitter",
        TIME,
        "variation of the delay: uniform from latency-jitter to latency+jitter, in order",
        "20ms",
    )
    distribution: str | None = _value(
        "distribution",
        choice(*DISTRIBUTIONS),
        "distribution of the jitter: uniform, one-sided (latency to latency+jitter), or tc-netem's normal, pareto "
        "or paretonormal, with the jitter as their unit",
        "normal",
        ("jitter",),
    )
    jitter_table: str | None = _value(
        "jitter_table",
        file("table", read_table),
        "table of the distribution of the jitter, in tc-netem's format; instead of distribution",
        "wifi.dist",
        ("jitter",),
        excludes="distribution",
    )
    jitter_share: float | None = _value(
        "jitter_share", SHARE, "share of packets that get jitter (default all)", "50%", ("jitter",)
    )
    reordering: bool | None = _value("reordering", SWITCH, "let jitter reorder packets", "true", ("jitter",))
    delay_trace: str | None = _value(
        "delay_trace",
        file("delay trace", read_delay_trace),
        "trace of the delay over time (lines of: milliseconds, delay in ms); added to the latency",
        "wifi.delay",
    )
    hold_ns: int | None = _value(
        "hold", TIME, "length of a periodic stall, after which all held packets pass, as in handovers", "200ms"
    )
    hold_every_ns: int | None = _value(
        "hold_every", POSITIVE_TIME, "period of the stalls, from end to end (default 15s)", "15s", ("hold",)
    )
    reorder: float | None = _value("reorder", SHARE, "share of packets overtaken by later ones", "1%")
    reorder_gap: int | None = _value(
        "reorder_gap",
        packet_count(1000, "3p"),
        "how many packets overtake a reordered one (default 1p), which waits 100ms at most",
        "3p",
        ("reorder",),
    )
    slot: Span | None = _value(
        "slot", SPAN, "send packets in bursts: all that wait, this long after the first", "10ms-30ms"
    )
    slot_packets: int | None = _value(
        "slot_packets", packet_count(1_000_000, "32p"), "most packets in a burst", "32p", ("slot",)
    )
    slot_bytes: int | None = _value("slot_bytes", _SLOT_BYTES, "most bytes of frames in a burst", "64kb", ("slot",))
    mtu_bytes: int | None = _value(
        "mtu",
        _MTU,
        "drop longer IP packets and report the MTU to the sender (IPv6 ignores less than 1280b)",
        "1400b",
    )
    mtu_answer: bool | None = _value(
        "mtu_answer", SWITCH, "whether to report the MTU for dropped packets (default yes)", "false", ("mtu",)
    )
    reject: str | None = _value(
        "reject",
        choice(*REJECTIONS),
        "reject every packet with this answer; reset: TCP reset, else port-unreachable",
        "reset",
    )

    def __post_init__(self) -> None:
        for item, _ in self.named():
            name, excludes = item.metadata["name"], item.metadata["excludes"]
            if excludes and self._has(excludes) and getattr(self, _attribute(excludes)) != math.inf:
                raise ConditionsError(f"cannot stand beside a {excludes}: clear one of them", name)

    def changed(self, change: Any) -> LinkConditions:
        """These values with those of `change` (name -> written value, None clears) put in; raises ConditionsError.

        What the change does not name stays, also where it is void from now on; a value that would be void is refused.
        """
        changed = self.restored(change)
        for name, partner in changed.void().items():
            if name in change:
                raise ConditionsError(f"has no effect without {partner}: give one beside it", name)
        return changed

    @classmethod
    def from_dict(cls, values: object) -> LinkConditions:
        """The values as people write them, `{"loss": "5%"}`; unknown names and bad values raise ConditionsError.

        It reads all that `to_dict` writes: also values that are void.
        """
        return cls().restored(values)

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
        """These values where they are named; elsewhere those of `base`, but for what these exclude."""
        values = {item.name: value for item, value in self.named()}
        for item in condition_fields():
            if item.metadata["excludes"]:
                pair = item.name, _attribute(item.metadata["excludes"])
                if any(attribute in values for attribute in pair):
                    values = dict.fromkeys(pair) | values
        return replace(base, **values)

    def restored(self, change: object) -> LinkConditions:
        """As `changed`, but for a change that was in force before: its values may be void."""
        if not isinstance(change, Mapping):
            raise ConditionsError(f"{change!r} is not a set of values such as {{loss: 5%, latency: 80ms}}")
        by_name = {item.metadata["name"]: item for item in condition_fields()}
        refuse_unknown(change, by_name, "condition")
        values = {by_name[name].name: _parsed(by_name[name], value) for name, value in change.items()}
        return _possible(replace(self, **values))

    def void(self) -> dict[str, str]:
        """The named values that have no effect, and without what: `{"queue": "a rate or rate_trace"}`."""
        found: dict[str, str] = {}
        for item, _ in self.named():
            needs = item.metadata["needs"]
            if needs and not any(self._has(other) and other not in found for other in needs):
                article = "an" if needs[0][0] in "aeiou" else "a"
                found[item.metadata["name"]] = f"{article} {' or '.join(needs)}"
        return found

    def effective(self) -> LinkConditions:
        """Without the values that are void; this very object where none is."""
        void = self.void()
        return replace(self, **{_attribute(name): None for name in void}) if void else self

    def _has(self, name: str) -> bool:
        return getattr(self, _attribute(name)) is not None


def condition_fields() -> tuple[Field[Any], ...]:
    """The fields of LinkConditions; their metadata holds name, unit, help, example, needs and excludes."""
    return fields(LinkConditions)


def _attribute(name: str) -> str:
    return next(item.name for item in condition_fields() if item.metadata["name"] == name)


def _possible(values: LinkConditions) -> LinkConditions:
    """The same; raises ConditionsError where bursts so short cannot make up so much loss."""
    loss, burst = values.loss or 0.0, values.loss_burst
    least = round(loss / (1 - loss), 6) if loss < 1 else 1.0
    if burst is not None and burst < least:
        raise ConditionsError(f"is too short for so much loss: {math.ceil(least)}p at least", "loss_burst")
    return values


def _parsed(item: Field[Any], value: object) -> Any:
    if value is None:
        return None
    try:
        return item.metadata["unit"].parse(value)
    except ValueError as error:
        raise ConditionsError(str(error), item.metadata["name"]) from None
