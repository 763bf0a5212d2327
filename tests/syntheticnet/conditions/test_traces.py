"""Traces: parsing of uploaded files, and errors with line numbers."""

from __future__ import annotations

from array import array
from collections.abc import Callable
from decimal import Decimal
from typing import Any
from unittest import mock

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syntheticnet.conditions import FileContent, condition_fields, traces
from syntheticnet.conditions.traces import DelayRecording, RateRecording, read_delay_trace, read_rate_trace, read_table

from ..builders import MS, exactly


def test_rate_trace() -> None:
    """One time per line; empty lines and comments are skipped; times may repeat."""
    assert read_rate_trace(b"# LTE\n0\n2\n2\n\n 7 # last\r\n") == RateRecording(array("I", (0, 2, 2, 7)))


def test_delay_trace() -> None:
    """Times and delays in ms, with decimals; the last line holds for as long as the one before it."""
    assert read_delay_trace(b"0 20\n20.5\t35.25\n30 0\n") == DelayRecording(
        array("q", (0, 20_500_000, 30 * MS)), array("q", (20 * MS, 35_250_000, 0)), 39_500_000, 0
    )
    assert read_delay_trace(b"0 20").period_ns is None


def test_table() -> None:
    """Integers of 1/8192, any number per line."""
    assert read_table(b"# table\n 8192 -4096\n0\n") == (1.0, -0.5, 0.0)


@pytest.mark.parametrize(
    ("read", "text", "line"),
    [
        (read_rate_trace, "1\n2.5\n", "line 2: '2.5' is not a time in whole milliseconds, such as 42"),
        (read_rate_trace, "1\n\n-2\n", "line 3: '-2' is not a time in whole milliseconds, such as 42"),
        (read_rate_trace, "5\n4\n", "line 2: '4' is before the previous line, or later than a day (86400000)"),
        (
            read_rate_trace,
            "99999999\n",
            "line 1: '99999999' is before the previous line, or later than a day (86400000)",
        ),
        (read_rate_trace, "0\n0\n", "no time after 0: the trace could never repeat"),
        (read_rate_trace, "", "no time after 0: the trace could never repeat"),
        (read_delay_trace, "0 5\n1\n", "line 2: '1' is not a time and a delay in milliseconds, such as 1500 42.5"),
        (read_delay_trace, "0 -5", "line 1: '0 -5' is not a time and a delay in milliseconds, such as 1500 42.5"),
        (read_delay_trace, "1 5", "line 1: '1 5' must start at time 0"),
        (read_delay_trace, "0 5\n0 6", "line 2: '0 6' must be later than the previous line"),
        (read_delay_trace, "0 60001", "line 1: '0 60001' is later than a day (86400000), or its delay is above 60 s"),
        (read_delay_trace, "#", "the trace is empty; expected lines of a time and a delay in ms, such as 0 50"),
        (read_table, "1 2\n3 x", "line 2: 'x' is not a whole number from -32768 to 32767"),
        (read_table, "40000", "line 1: '40000' is not a whole number from -32768 to 32767"),
        (read_table, "1 " * 16385, "line 1: more than 16384 entries"),
        (read_table, "", "the table is empty; expected whole numbers from -32768 to 32767"),
    ],
)
def test_errors_name_the_line(read: Callable[[FileContent], Any], text: str, line: str) -> None:
    """An error names the invalid line."""
    with pytest.raises(ValueError, match=exactly(line)):
        read(text.encode())


def test_length_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file with too many lines is an error."""
    monkeypatch.setattr(traces, "MOST_LINES", 3)
    with pytest.raises(ValueError, match="more than 3 lines"):
        read_rate_trace(b"1\n2\n3\n4\n")


def test_the_schema_says_what_reads_each_file() -> None:
    """Only file values have a parser, which can check a file before anything is applied."""
    reads = {item.metadata["name"]: item.metadata["unit"].read for item in condition_fields()}
    assert {name: read for name, read in reads.items() if read} == {
        "rate_trace": read_rate_trace,
        "delay_trace": read_delay_trace,
        "jitter_table": read_table,
    }


@given(st.binary().map(lambda some: bytes(b"1 0#\n\r"[byte % 6] for byte in some)), st.integers(1, 5))
def test_any_slicing_reads_the_same(content: bytes, few: int) -> None:
    """However a file is sliced, it gives the same numbers, or the same error with the same line."""
    for read in (read_rate_trace, read_delay_trace, read_table):
        with mock.patch.object(traces, "FEW", few):
            sliced = outcome(read, bytearray(content))
        assert sliced == outcome(read, content)


@given(st.lists(st.decimals(0, 10**7, places=3), unique=True), st.sampled_from(["\n", "\r\n", " # x\n"]))
def test_plain_lines_read_as_commented_ones(numbers: list[Decimal], ending: str) -> None:
    """The fast way for lines of only numbers gives exactly what the slow one does."""
    lines = [f"{time:f} {int(time) % 1000}.5" for time in sorted({Decimal(0), *numbers})]
    plain, other = ("".join(f"{line}{end}" for line in lines).encode() for end in ("\n", ending))
    assert outcome(read_delay_trace, plain) == outcome(read_delay_trace, other)


def test_an_endless_line() -> None:
    """A line may not be longer than a limit; the error names it."""
    with pytest.raises(ValueError, match=exactly("line 1 or one after it is longer than 131072 bytes")):
        read_rate_trace(b"1\n" + b"1" * 200_000)


def outcome(read: Callable[[FileContent], Any], content: FileContent) -> object:
    try:
        return read(content)
    except ValueError as error:
        return str(error)
