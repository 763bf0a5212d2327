"""Small bars."""

from __future__ import annotations

import pytest

from synthlab.cli.sparkline import sparkline


@pytest.mark.issue(15)
def test_bars() -> None:
    """The largest value has the highest bar; 0 is a dot, however small the rest."""
    assert sparkline([0, 1, 4, 8]) == "·▂▅█"
    assert sparkline([1], most=8) == "▂"
    assert sparkline([0, 0]) == "··"
    assert sparkline([]) == ""
