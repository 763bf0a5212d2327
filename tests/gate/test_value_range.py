"""Ranges of values, with units and resolutions."""

from __future__ import annotations

import pytest

from synthlab.errors import WrongUse
from synthlab.gate.value_range import read_range

pytestmark = pytest.mark.issue(16)


@pytest.mark.parametrize(
    ("entry", "resolution", "values"),
    [
        ("LOSS=0%..10%", "2.5%", ["0%", "2.5%", "5%", "7.5%", "10%"]),
        ("LOSS=0%..5%", "2%", ["0%", "2%", "4%", "5%"]),
        ("RATE=500kbit..2mbit", "500kbit", ["500kbit", "1mbit", "1.5mbit", "2mbit"]),
        ("RTT=50ms..2s", "975ms", ["50ms", "1.025s", "2s"]),
        ("RTT=50ms..2s", "1s", ["50ms", "1.05s", "2s"]),
        ("RATE=100kbit..500kbit", "100%", ["100kbit", "200kbit", "400kbit", "500kbit"]),
        ("RTT=0ms..2s", "1s", ["0ms", "1s", "2s"]),
        ("N=1..3", "1", ["1", "2", "3"]),
        ("QUEUE=10p..30p", "10p", ["10p", "20p", "30p"]),
    ],
)
def test_values(entry: str, resolution: str, values: list[str]) -> None:
    """A resolution apart, both ends included; a share of a rate or time is a ratio."""
    assert list(read_range(entry, resolution).values) == values


@pytest.mark.parametrize(
    ("entry", "resolution", "error"),
    [
        ("LOSS=5%", "1%", "--var: 'LOSS=5%' is not of the form NAME=FROM..TO"),
        ("LOSS=5%..", "1%", "--var: 'LOSS=5%..' is not of the form NAME=FROM..TO"),
        ("LOSS=0%..40ms", "1%", "--var LOSS: 0% and 40ms do not have the same kind of unit"),
        ("LOSS=40%..0%", "1%", "--var LOSS: 40% is not less than 0%"),
        ("LOSS=0%..forty", "1%", "--var LOSS: 'forty' is not a number with one of the units %, bit, kbit"),
        ("LOSS=0%..40%", "1ms", "--resolution: 1ms is neither a share nor in a unit of 0%"),
        ("LOSS=0%..40%", "0%", "--resolution: must be more than 0"),
        ("LOSS=0%..40%", "0.01%", "--resolution: results in more than 500 values"),
        ("RATE=0kbit..1mbit", "10%", "--resolution: a share of each value requires a range of RATE that begins above"),
        ("RATE=1bit..1gbit", "1%", "--resolution: results in more than 500 values"),
    ],
)
def test_mistakes(entry: str, resolution: str, error: str) -> None:
    """One line: where, what, what is allowed."""
    with pytest.raises(WrongUse) as caught:
        read_range(entry, resolution)
    assert caught.value.message.startswith(error)
