"""CSV traces: tables of times and conditions."""

from __future__ import annotations

import pytest

from synthlab.scenario.csvtrace import read_csv
from synthlab.text.durations import SECOND_NS


def test_rows() -> None:
    """A row is the complete change from its time on; an empty cell keeps the previous value, `none` clears it."""
    trace = read_csv("time,egress.rate,both.loss\n0s,1mbit,1%\n# between\n1s,,none\n1500ms,2mbit,  # later\n")
    assert trace.rows == (
        (0, {"egress": {"rate": "1mbit", "loss": "1%"}, "ingress": {"loss": "1%"}}),
        (SECOND_NS, {"egress": {"rate": "1mbit", "loss": None}, "ingress": {"loss": None}}),
        (1_500_000_000, {"egress": {"rate": "2mbit", "loss": None}, "ingress": {"loss": None}}),
    )
    assert trace.lasts_ns == 2 * SECOND_NS


def test_the_narrower_column_wins() -> None:
    """Next to `both`, a direction's own column applies there, in any order of the columns and after empty cells."""
    for header, rows in (("egress.loss,both.loss", "9%,5%\n1s,,6%"), ("both.loss,egress.loss", "5%,9%\n1s,6%,")):
        assert read_csv(f"time,{header}\n0s,{rows}\n").rows == (
            (0, {"ingress": {"loss": "5%"}, "egress": {"loss": "9%"}}),
            (SECOND_NS, {"ingress": {"loss": "6%"}, "egress": {"loss": "9%"}}),
        )


def test_units_of_the_header() -> None:
    """Numbers without a unit take it from the header."""
    trace = read_csv("time [ms], egress.rate [kbit], ingress.latency [ms]\n0,500,20\n250,1mbit,30.5\n")
    assert trace.rows == (
        (0, {"egress": {"rate": "500kbit"}, "ingress": {"latency": "20ms"}}),
        (250_000_000, {"egress": {"rate": "1mbit"}, "ingress": {"latency": "30.5ms"}}),
    )


@pytest.mark.issue(15)
def test_bare_seconds_and_a_rate_of_zero() -> None:
    """A time without a unit is in seconds, as a recording tool writes it; a rate of 0 is an outage until the next."""
    trace = read_csv("time,ingress.rate\n0.000,26000kbit\n20.45,0kbit\n24.7,310kbit\n44,12800kbit\n")
    assert trace.rows == (
        (0, {"ingress": {"rate": "26000kbit"}}),
        (20_450_000_000, {"ingress": {"rate": "26000kbit", "outage": True}}),
        (24_700_000_000, {"ingress": {"rate": "310kbit", "outage": None}}),
        (44_000_000_000, {"ingress": {"rate": "12800kbit", "outage": None}}),
    )
    assert read_csv("time,both.rate [mbit]\n0,0\n1,0.0\n2,1\n").rows[-1][1]["egress"] == {
        "rate": "1mbit",
        "outage": None,
    }


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "requires a header such as time,egress.rate and at least one row of values"),
        ("time,egress.rate\n", "requires a header"),
        ("egress.rate\n1\n", "line 1: not a header that starts with time"),
        ("time,egress.rte\n0s,1\n", "line 1: unknown column 'egress.rte'; did you mean egress.rate?"),
        ("time,egress.rate\n0s\n", "line 2: has 1 cells; the header has 2"),
        ("time,egress.rate\n-1,1mbit\n", "line 2: '-1' is not a time such as"),
        ("time,egress.rate\n0,0\n", "line 2: '0' is not a rate such as"),
        (
            "time,egress.delay\n0s,1ms\n",
            "line 1: unknown column 'egress.delay'; did you mean egress.latency?; expected",
        ),
        ("time,egress.rate\n1s,1mbit\n", "line 2: the first time is 1s; it must be 0"),
        ("time,egress.rate\n0s,1mbit\n0.05s,1mbit\n", "line 3: 0.05s is less than 0.1s after the previous row"),
        ("time,egress.rate\n0s,1mbit\n\n2s,5\n", "line 4: '5' is not a rate such as"),
    ],
)
def test_mistakes(text: str, expected: str) -> None:
    """A mistake is reported with its line."""
    with pytest.raises(ValueError, match=r"\S") as caught:
        read_csv(text)
    assert str(caught.value).startswith(expected)
