"""Chunked JSON equals that of the standard library, in small pieces."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syntheticnet.chunked_json import LONG, dumps, loads

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(VALUES)
def test_writes_and_reads_what_the_standard_library_does(value: object) -> None:
    """Whatever the document."""
    assert json.loads(dumps(value)) == value
    assert loads(json.dumps([value, " " * LONG]).encode())[0] == value


def test_refuses_what_is_no_json() -> None:
    """A long text likewise."""
    for text in (b"{", b"[" + b"1," * LONG):
        with pytest.raises(ValueError, match="Expecting"):
            loads(text)
