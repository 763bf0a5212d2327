"""Loss models: parsing and formatting."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syntheticnet.conditions import Unit
from syntheticnet.conditions.losses import (
    BURST,
    EVERY,
    GEMODEL,
    NUMBERS,
    STATE,
    FourState,
    GilbertElliott,
    PacketNumbers,
)

from ..builders import exactly


@pytest.mark.parametrize(
    ("unit", "text", "value"),
    [
        (GEMODEL, "1%", GilbertElliott(0.01, 0.99, 1.0, 0.0)),
        (GEMODEL, "10%", GilbertElliott(0.1, 0.9, 1.0, 0.0)),
        (GEMODEL, "1% 10%", GilbertElliott(0.01, 0.1, 1.0, 0.0)),
        (GEMODEL, " 1%  10% 70% ", GilbertElliott(0.01, 0.1, 0.7, 0.0)),
        (GEMODEL, "1% 10% 70% 0.1%", GilbertElliott(0.01, 0.1, 0.7, 0.001)),
        (STATE, "1%", FourState(0.01, 0.99, 0.0, 1.0, 0.0)),
        (STATE, "1% 10% 5% 50% 0.1%", FourState(0.01, 0.1, 0.05, 0.5, 0.001)),
        (BURST, "4p", 4.0),
        (BURST, "2.5p", 2.5),
        (EVERY, "10p", 10),
        (NUMBERS, "1,5-7,100", PacketNumbers(((1, 1), (5, 7), (100, 100)))),
        (NUMBERS, "9, 2 - 3, 4", PacketNumbers(((2, 4), (9, 9)))),
    ],
)
def test_reads_the_promised_forms(unit: Unit, text: str, value: Any) -> None:
    """netem's order and netem's defaults; numbers in any order."""
    assert unit.parse(text) == value
    assert unit.parse(unit.format(value)) == value


@pytest.mark.parametrize(
    ("unit", "value", "line"),
    [
        (GEMODEL, "", "'' is not 1 to 4 shares p, r, 1-h and 1-k, such as 1% 10% 70% 0.1%"),
        (GEMODEL, 5, "5 is not 1 to 4 shares p, r, 1-h and 1-k, such as 1% 10% 70% 0.1%"),
        (GEMODEL, "1% 10", "'10' is not a share such as 5% or 0.5%"),
        (GEMODEL, "1% 1% 1% 1% 1%", "'1% 1% 1% 1% 1%' is not 1 to 4 shares p, r, 1-h and 1-k, such as 1% 10% 70% 0.1%"),
        (STATE, "101%", "'101%' is not between 0% and 100%"),
        (
            STATE,
            "60% 50% 60%",
            "'60% 50% 60%' is not a valid model: p13 + p14 and p31 + p32 must each be at most 100%",
        ),
        (
            STATE,
            "60% 50% 50% 100% 41%",
            "'60% 50% 50% 100% 41%' is not a valid model: p13 + p14 and p31 + p32 must each be at most 100%",
        ),
        (BURST, "0.5p", "'0.5p' is not between 1p and 10000p"),
        (BURST, "4", "'4' is not a number of packets such as 4p or 2.5p"),
        (EVERY, "0p", "'0p' is not a whole number of packets from 1 to 1000000"),
        (NUMBERS, "1,,2", "'1,,2' is not a list of packet numbers such as 1,5-7,100"),
        (NUMBERS, 7, "7 is not a list of packet numbers such as 1,5-7,100"),
        (NUMBERS, "7-5", "'7-5' has a number outside 1 to 1000000000, or a range that runs backwards"),
        (NUMBERS, "0", "'0' has a number outside 1 to 1000000000, or a range that runs backwards"),
        (NUMBERS, ",".join("1" * 1001), "1001 numbers and ranges; at most 1000 are allowed"),
    ],
)
def test_refuses_with_one_line(unit: Unit, value: object, line: str) -> None:
    """An error says what is wrong and what is allowed."""
    with pytest.raises(ValueError, match=exactly(line)):
        unit.parse(value)


_SHARE = st.floats(0, 1)
_NUMBERS = st.lists(st.integers(1, 10**9), min_size=1, max_size=20)


@given(st.builds(GilbertElliott, _SHARE, _SHARE, _SHARE, _SHARE))
def test_gemodel_reads_back_exactly(model: GilbertElliott) -> None:
    assert GEMODEL.parse(GEMODEL.format(model)) == model


@given(_NUMBERS)
def test_numbers_read_back_exactly(numbers: list[int]) -> None:
    """The shortest written form means the same packets."""
    value = NUMBERS.parse(",".join(map(str, numbers)))
    assert NUMBERS.parse(NUMBERS.format(value)) == value
    assert {n for low, high in value.ranges for n in range(low, high + 1)} == set(numbers)
