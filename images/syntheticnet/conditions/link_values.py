"""The values of one link: every effect of one direction, declared once for files, flags and API."""

from __future__ import annotations

from dataclasses import dataclass

from .bottleneck import BottleneckConditions
from .condition import condition
from .losses import BURST, EVERY, GEMODEL, NUMBERS, STATE, FourState, GilbertElliott, PacketNumbers
from .traces import read_delay_trace, read_table
from .units import (
    CORRELATION,
    LOSS,
    POSITIVE_TIME,
    SHARE,
    SPAN,
    SWITCH,
    TIME,
    Span,
    byte_count,
    choice,
    file,
    packet_count,
)

REJECTIONS = ("reset", "port-unreachable", "host-unreachable", "admin-prohibited")
DISTRIBUTIONS = ("uniform", "one-sided", "normal", "pareto", "paretonormal")

_MTU = byte_count(68, 65535, "1400b")  # RFC 791: every link carries 68 octets
_MANY_BYTES = byte_count(1, 1 << 30, "64kb")
_MANY_PACKETS = packet_count(1_000_000, "32p")


_DELAY = ("latency", "jitter")
_ALIKE = "how far the {} of a packet follows that of the one before it; the share stays"


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkValues(BottleneckConditions):
    """The values of one direction. None means "not set": no impairment on a link, "as the link" on a flow."""

    outage: bool | None = condition("outage", SWITCH, "drop every packet", "true")
    loss: float | None = condition("loss", LOSS, "share of packets dropped, independently of each other", "5%")
    loss_burst: float | None = condition("loss_burst", BURST, "mean length of loss bursts, in packets", "4p", ("loss",))
    loss_correlation: float | None = condition(
        "loss_correlation", CORRELATION, _ALIKE.format("loss"), "25%", ("loss",), excludes="loss_burst"
    )
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
    corrupt_correlation: float | None = condition(
        "corrupt_correlation", CORRELATION, _ALIKE.format("corruption"), "25%", ("corrupt",)
    )
    duplicate: float | None = condition("duplicate", SHARE, "share of packets sent twice", "1%")
    duplicate_correlation: float | None = condition(
        "duplicate_correlation", CORRELATION, _ALIKE.format("duplication"), "25%", ("duplicate",)
    )
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
    jitter_correlation: float | None = condition(
        "jitter_correlation",
        CORRELATION,
        "how far a packet's jitter follows that of the one before it; the distribution stays",
        "25%",
        ("jitter",),
    )
    reordering: bool | None = condition(
        "reordering", SWITCH, "let jitter change the order of packets", "true", ("jitter",)
    )
    latency_limit: int | None = condition(
        "latency_limit",
        _MANY_PACKETS,
        "maximum packets that latency and jitter hold; more are dropped, as with tc-netem's limit",
        "1000p",
        _DELAY,
    )
    early: float | None = condition(
        "early", SHARE, "share of packets that skip latency and jitter, as with tc-netem's reorder", "25%", _DELAY
    )
    early_correlation: float | None = condition(
        "early_correlation", CORRELATION, _ALIKE.format("skipping"), "50%", ("early",)
    )
    early_gap: int | None = condition(
        "early_gap",
        packet_count(1000, "5p"),
        "at most every n-th packet skips latency and jitter, as with tc-netem's gap (default 1p)",
        "5p",
        ("early",),
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
    reorder_correlation: float | None = condition(
        "reorder_correlation", CORRELATION, _ALIKE.format("reordering"), "50%", ("reorder",)
    )
    slot: Span | None = condition(
        "slot", SPAN, "send packets in bursts: waiting packets leave together, this long after the first", "10ms-30ms"
    )
    slot_jitter_ns: int | None = condition(
        "slot_jitter", TIME, "variation of the time between bursts, added to it", "3ms", ("slot",)
    )
    slot_distribution: str | None = condition(
        "slot_distribution",
        choice(*DISTRIBUTIONS),
        "distribution of slot_jitter: those of jitter (default uniform)",
        "pareto",
        ("slot_jitter",),
    )
    slot_packets: int | None = condition("slot_packets", _MANY_PACKETS, "maximum packets per burst", "32p", ("slot",))
    slot_bytes: int | None = condition(
        "slot_bytes", _MANY_BYTES, "maximum bytes of frames per burst", "64kb", ("slot",)
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
