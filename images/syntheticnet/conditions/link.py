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
        "uploaded trace of when the bottleneck lets 1500 bytes of IP packets go, as mahimahi's; instead of a rate",
        "lte.up",
        excludes="rate",
    )
    queue: QueueLimit | None = _value(
        "queue",
        QUEUE,
        "how much may wait at the bottleneck (else 200ms, and 10 full-size packets at least)",
        "200ms",
        _BOTTLENECK,
    )
    overhead_bytes: int | None = _value(
        "overhead", BYTES, "bytes that each packet costs the bottleneck beside its frame", "24b", _BOTTLENECK
    )
    aqm: str | None = _value(
        "aqm",
        choice("droptail", "codel"),
        "which packets the queue drops: droptail (those that find it full) or codel (also those that waited long)",
        "codel",
        _BOTTLENECK,
    )
    codel_target_ns: int | None = _value(
        "codel_target", POSITIVE_TIME, "the wait in the queue that CoDel aims at (else 5ms)", "5ms", ("aqm",)
    )
    codel_interval_ns: int | None = _value(
        "codel_interval",
        POSITIVE_TIME,
        "how long the wait may be longer before CoDel acts (else 100ms)",
        "100ms",
        ("aqm",),
    )
    ecn: bool | None = _value(
        "ecn", SWITCH, "let CoDel mark packets whose ends know ECN instead of dropping them", "true", ("aqm",)
    )
    outage: bool | None = _value("outage", SWITCH, "drop every packet", "true")
    loss: float | None = _value("loss", LOSS, "share of packets dropped, independently of each other", "5%")
    loss_burst: float | None = _value(
        "loss_burst", BURST, "mean length of the bursts that the loss comes in, in packets", "4p", ("loss",)
    )
    loss_gemodel: GilbertElliott | None = _value(
        "loss_gemodel",
        GEMODEL,
        "loss with a good and a bad state: p [r [1-h [1-k]]] of tc-netem's gemodel",
        "1% 10% 70% 0.1%",
        excludes="loss_burst",
    )
    loss_state: FourState | None = _value(
        "loss_state",
        STATE,
        "loss with four states: p13 [p31 [p32 [p23 [p14]]]] of tc-netem's state",
        "1% 10% 5% 50% 0.1%",
    )
    loss_every: int | None = _value("loss_every", EVERY, "drop every n-th packet", "10p")
    loss_list: PacketNumbers | None = _value(
        "loss_list", NUMBERS, "drop the packets of these numbers, counted from 1 since this is in force", "1,5-7,100"
    )
    corrupt: float | None = _value("corrupt", SHARE, "share of packets that get one wrong bit", "0.1%")
    duplicate: float | None = _value("duplicate", SHARE, "share of packets that come twice", "1%")
    latency_ns: int | None = _value("latency", TIME, "delay of every packet, one way", "80ms")
    jitter_ns: int | None = _value(
        "jitter",
        TIME,
        "variation of the delay: a uniform draw from latency-jitter to latency+jitter, with the order kept",
        "20ms",
    )
    distribution: str | None = _value(
        "distribution",
        choice(*DISTRIBUTIONS),
        "law of the jitter: uniform (both sides of the latency), one-sided (latency to latency+jitter), or as "
        "tc-netem's normal, pareto or paretonormal, whose unit is the jitter",
        "normal",
        ("jitter",),
    )
    jitter_table: str | None = _value(
        "jitter_table",
        file("table", read_table),
        "uploaded table of the law of the jitter, as tc-netem's (iproute2); instead of a distribution",
        "wifi.dist",
        ("jitter",),
        excludes="distribution",
    )
    jitter_share: float | None = _value(
        "jitter_share", SHARE, "share of packets that the jitter touches (else all)", "50%", ("jitter",)
    )
    reordering: bool | None = _value(
        "reordering", SWITCH, "let jitter change the order of packets", "true", ("jitter",)
    )
    delay_trace: str | None = _value(
        "delay_trace",
        file("delay trace", read_delay_trace),
        "uploaded trace of the delay over time (lines of: milliseconds, delay in ms); adds to the latency",
        "wifi.delay",
    )
    hold_ns: int | None = _value(
        "hold", TIME, "how long, again and again, nothing passes, and then all that waited, as in handovers", "200ms"
    )
    hold_every_ns: int | None = _value(
        "hold_every", POSITIVE_TIME, "from the end of one hold to the end of the next (else 15s)", "15s", ("hold",)
    )
    reorder: float | None = _value("reorder", SHARE, "share of packets that later ones overtake", "1%")
    reorder_gap: int | None = _value(
        "reorder_gap",
        packet_count(1000, "3p"),
        "how many later packets overtake one (else 1p), which waits for them at most 100ms",
        "3p",
        ("reorder",),
    )
    slot: Span | None = _value(
        "slot", SPAN, "let packets go in bursts: those that wait go together, this long after the first", "10ms-30ms"
    )
    slot_packets: int | None = _value(
        "slot_packets", packet_count(1_000_000, "32p"), "packets that go together at most", "32p", ("slot",)
    )
    slot_bytes: int | None = _value(
        "slot_bytes", _SLOT_BYTES, "bytes of frames that go together at most", "64kb", ("slot",)
    )
    mtu_bytes: int | None = _value(
        "mtu",
        _MTU,
        "drop longer IP packets, and answer how long they may be (IPv6 ends heed no less than 1280b)",
        "1400b",
    )
    mtu_answer: bool | None = _value(
        "mtu_answer", SWITCH, "whether to answer packets that the mtu drops (else yes)", "false", ("mtu",)
    )
    reject: str | None = _value(
        "reject",
        choice(*REJECTIONS),
        "refuse every packet and answer so; reset is a TCP reset, and port-unreachable for anything else",
        "reset",
    )

    def __post_init__(self) -> None:
        for item, _ in self.named():
            name, excludes = item.metadata["name"], item.metadata["excludes"]
            if excludes and self._has(excludes) and getattr(self, _attribute(excludes)) != math.inf:
                raise ConditionsError(f"cannot stand beside a {excludes}: clear one of them", name)

    def changed(self, change: object) -> LinkConditions:
        """These values with those of `change`, parsed or as people write them, put in; raises ConditionsError.

        What the change does not name stays, also where it is void from now on; a value that would be void is refused.
        """
        parsed = LinkChange.of(change)
        changed = self.restored(parsed)
        for name, partner in changed.void().items():
            if _attribute(name) in parsed.values:
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
        return _possible(replace(self, **LinkChange.of(change).values))

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


@dataclass(frozen=True, slots=True)
class LinkChange:
    """Parsed values to put into a link, by attribute of LinkConditions; None clears one."""

    values: Mapping[str, Any]

    @classmethod
    def of(cls, change: object) -> LinkChange:
        """A change as people write it, or one that has been parsed; raises ConditionsError."""
        return change if isinstance(change, LinkChange) else cls.parse(change)

    @classmethod
    def parse(cls, written: object) -> LinkChange:
        """Parse `{"loss": "5%"}`; raises ConditionsError for an unknown name or a bad value."""
        if not isinstance(written, Mapping):
            raise ConditionsError(f"{written!r} is not a set of values such as {{loss: 5%, latency: 80ms}}")
        by_name = {item.metadata["name"]: item for item in condition_fields()}
        refuse_unknown(written, by_name, "condition")
        return cls({by_name[name].name: _parsed(by_name[name], value) for name, value in written.items()})


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
