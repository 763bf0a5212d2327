"""Units: written values to numbers and back."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syntheticnet.conditions import QUEUE, RATE, SHARE, TIME, QueueLimit, Unit
from syntheticnet.conditions.units import (
    BYTES,
    CORRELATION,
    LOSS,
    MAX_QUEUE_BYTES,
    MAX_RATE_BPS,
    MAX_TIME_NS,
    POSITIVE_TIME,
    SPAN,
    SWITCH,
    Span,
    byte_count,
    choice,
    file,
    packet_count,
)

from ..builders import exactly

TRACE = file("trace", len)
ALLOWED_RATE = "a rate such as 500kbit, 1.5mbit or 2gbit, or unlimited (no rate; for a flow, not even the link's)"


@pytest.mark.parametrize(
    ("unit", "text", "value"),
    [
        (RATE, "500kbit", 500e3),
        (RATE, "1mbit", 1e6),
        (RATE, "1.5Mbit/s", 1.5e6),
        (RATE, "2gbit", 2e9),
        (RATE, " 300 bit ", 300.0),
        (RATE, "100gbit", 100e9),
        (RATE, "unlimited", math.inf),
        (TIME, "80ms", 80_000_000),
        (TIME, "1.5s", 1_500_000_000),
        (TIME, "250us", 250_000),
        (TIME, "7ns", 7),
        (TIME, "0ms", 0),
        (TIME, "60s", 60_000_000_000),
        (SHARE, "5%", 0.05),
        (SHARE, "0.5%", 0.005),
        (SHARE, "0%", 0.0),
        (SHARE, "100%", 1.0),
        (BYTES, "24b", 24),
        (BYTES, "0b", 0),
        (byte_count(68, 65535, "1400b"), "1.4kb", 1400),
        (packet_count(1000, "3p"), "3p", 3),
        (POSITIVE_TIME, "5ms", 5_000_000),
        (SPAN, "10ms", Span(10_000_000, 10_000_000)),
        (SPAN, "10ms-1.5s", Span(10_000_000, 1_500_000_000)),
        (SPAN, " 0ms - 30ms ", Span(0, 30_000_000)),
        (TRACE, "LTE_up-2.trace", "LTE_up-2.trace"),
        (QUEUE, "200ms", QueueLimit(200_000_000, "time")),
        (QUEUE, "1s", QueueLimit(1_000_000_000, "time")),
        (QUEUE, "\t200ms\n", QueueLimit(200_000_000, "time")),
        (QUEUE, "64kb", QueueLimit(64_000, "bytes")),
        (QUEUE, "1.514kb", QueueLimit(1514, "bytes")),
        (QUEUE, "100p", QueueLimit(100, "packets")),
        (SWITCH, True, True),
        (SWITCH, "Yes", True),
        (SWITCH, "off", False),
        (choice("uniform", "one-sided"), "one-sided", "one-sided"),
    ],
)
def test_reads_the_promised_forms(unit: Unit, text: object, value: Any) -> None:
    """Each documented form parses to the exact number."""
    assert unit.parse(text) == value


@pytest.mark.parametrize(
    ("unit", "value", "line"),
    [
        (RATE, "1", f"'1' is not {ALLOWED_RATE}"),
        (RATE, 1_000_000, f"1000000 is not {ALLOWED_RATE}"),
        (RATE, "1mbps", f"'1mbps' is not {ALLOWED_RATE}"),
        (RATE, "-1mbit", f"'-1mbit' is not {ALLOWED_RATE}"),
        (RATE, "0mbit", "'0mbit' lets nothing pass; use `outage` instead"),
        (RATE, "101gbit", "'101gbit' is not between 1bit and 100gbit"),
        (LOSS, "10% 25%", "'10% 25%' is two values here: loss 10% with loss_correlation 25%"),
        (LOSS, "20% 75%", "'20% 75%' is two values here: loss 20% with loss_correlation 75%"),
        (CORRELATION, "100%", "'100%' is not below 100%: the first packet would decide for all"),
        (LOSS, "1%2%", "'1%2%' is not a share such as 5% or 0.5%"),
        (TIME, "80", "'80' is not a time such as 80ms, 1.5s or 250us"),
        (TIME, 80, "80 is not a time such as 80ms, 1.5s or 250us"),
        (TIME, "80ms/s", "'80ms/s' is not a time such as 80ms, 1.5s or 250us"),
        (TIME, "\u0668\u0660ms", "'\u0668\u0660ms' is not a time such as 80ms, 1.5s or 250us"),
        (TIME, "61s", "'61s' is not between 0ms and 60s"),
        (SHARE, 0.05, "0.05 is not a share such as 5% or 0.5%"),
        (SHARE, "5", "'5' is not a share such as 5% or 0.5%"),
        (SHARE, "120%", "'120%' is not between 0% and 100%"),
        (SHARE, None, "None is not a share such as 5% or 0.5%"),
        (BYTES, "1001b", "'1001b' is not a whole number of bytes between 0b and 1000b"),
        (BYTES, "1.5b", "'1.5b' is not a whole number of bytes between 0b and 1000b"),
        (byte_count(68, 65535, "1400b"), "67b", "'67b' is not a whole number of bytes between 68b and 65535b"),
        (byte_count(68, 65535, "1400b"), "1400", "'1400' is not a number of bytes such as 1400b"),
        (packet_count(1000, "3p"), "1001p", "'1001p' is not a whole number of packets from 1 to 1000"),
        (packet_count(1000, "3p"), "3", "'3' is not a number of packets such as 3p"),
        (POSITIVE_TIME, "0ms", "'0ms' is not more than 0ms and at most 60s"),
        (SPAN, "10", "'10' is not a time such as 10ms, or a range such as 10ms-30ms, at most 60s"),
        (SPAN, 10, "10 is not a time such as 10ms, or a range such as 10ms-30ms"),
        (SPAN, "30ms-10ms", "'30ms-10ms' runs backwards: write the shorter time first"),
        (TRACE, "../x", "'../x' is not the name of an uploaded trace: letters, digits, dots, - and _ (100 at most)"),
        (TRACE, ".x", "'.x' is not the name of an uploaded trace: letters, digits, dots, - and _ (100 at most)"),
        (QUEUE, "10", "'10' is not a time, size or count such as 200ms, 64kb or 100p (packets)"),
        (QUEUE, "0p", "'0p' is not a whole number of packets from 1 to 1000000"),
        (QUEUE, "1.5p", "'1.5p' is not a whole number of packets from 1 to 1000000"),
        (QUEUE, "2000mb", "'2000mb' is not a whole number of bytes from 1 to 1073741824"),
        (QUEUE, "0ms", "'0ms' is not more than 0ms and at most 60s"),
        (SWITCH, "maybe", "'maybe' is not true or false"),
        (SWITCH, 1, "1 is not true or false"),
        (choice("a", "b"), "c", "'c' is not one of a, b"),
    ],
)
def test_refuses_with_one_line_that_shows_what_is_allowed(unit: Unit, value: object, line: str) -> None:
    """A bare number, an unknown unit and a value out of range each say what is allowed."""
    with pytest.raises(ValueError, match=exactly(line)):
        unit.parse(value)


@pytest.mark.parametrize(
    ("unit", "value", "text"),
    [
        (RATE, 1_500_000.0, "1.5mbit"),
        (RATE, 999, "999bit"),
        (RATE, math.inf, "unlimited"),
        (TIME, 80_000_000, "80ms"),
        (TIME, 1_500_000, "1.5ms"),
        (TIME, 0, "0ms"),
        (SHARE, 0.005, "0.5%"),
        (SHARE, 1, "100%"),
        (SHARE, 1e-7, "0.00001%"),
        (SPAN, Span(10_000_000, 30_000_000), "10ms-30ms"),
        (SPAN, Span(10_000_000, 10_000_000), "10ms"),
        (BYTES, 0, "0b"),
        (BYTES, 1400, "1400b"),
        (BYTES, 3000, "3kb"),
        (BYTES, 1_500_000, "1500kb"),
        (BYTES, 2_000_000, "2mb"),
        (QUEUE, QueueLimit(64_000, "bytes"), "64kb"),
        (QUEUE, QueueLimit(100, "packets"), "100p"),
        (QUEUE, QueueLimit(200_000_000, "time"), "200ms"),
    ],
)
def test_writes_in_the_largest_fitting_unit(unit: Unit, value: Any, text: str) -> None:
    """Values are formatted as a person would write them."""
    assert unit.format(value) == text


_LIMITS = st.one_of(
    st.builds(QueueLimit, st.integers(1, MAX_TIME_NS), st.just("time")),
    st.builds(QueueLimit, st.integers(1, MAX_QUEUE_BYTES), st.just("bytes")),
    st.builds(QueueLimit, st.integers(1, 1_000_000), st.just("packets")),
)


def _span(one: int, other: int) -> Span:
    return Span(min(one, other), max(one, other))


@given(
    st.one_of(
        st.tuples(st.just(RATE), st.floats(1, MAX_RATE_BPS)),
        st.tuples(st.just(TIME), st.integers(0, MAX_TIME_NS)),
        st.tuples(st.just(SHARE), st.floats(0, 1)),
        st.tuples(st.just(BYTES), st.integers(0, 1000)),
        st.tuples(st.just(POSITIVE_TIME), st.integers(1, MAX_TIME_NS)),
        st.tuples(st.just(SPAN), st.builds(_span, st.integers(0, MAX_TIME_NS), st.integers(0, MAX_TIME_NS))),
        st.tuples(st.just(packet_count(10**6, "1p")), st.integers(1, 10**6)),
        st.tuples(st.just(QUEUE), _LIMITS),
    )
)
def test_what_is_written_reads_back_exactly(case: tuple[Unit, Any]) -> None:
    """`parse(format(value))` equals the value, so that nothing drifts between host, API and forwarder."""
    unit, value = case
    assert unit.parse(unit.format(value)) == value
