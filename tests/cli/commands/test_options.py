"""Parsing of shared options."""

from __future__ import annotations

import pytest

from synthlab.cli.commands.options import read_variables
from synthlab.errors import WrongUse


def test_variables() -> None:
    """The first = divides name and value; a value may be empty."""
    assert read_variables(["RATE=1mbit", "URL=http://a/?b=c", "NONE="]) == {
        "RATE": "1mbit",
        "URL": "http://a/?b=c",
        "NONE": "",
    }
    assert read_variables(None) == {}


def test_a_variable_given_twice() -> None:
    """A duplicate name is an error."""
    with pytest.raises(WrongUse, match="--var RATE: given more than once"):
        read_variables(["RATE=1mbit", "RATE=2mbit"])
