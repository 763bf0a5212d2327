"""Variable substitution in stack files."""

from __future__ import annotations

import pytest

from synthlab.stack.variables import interpolate

ENVIRONMENT = {"TAG": "1.2", "EMPTY": ""}


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        ("acme/app:${TAG}", "acme/app:1.2"),
        ("${TAG}-${TAG}", "1.2-1.2"),
        ("${NONE:-8080}", "8080"),
        ("${EMPTY:-full}", "full"),
        ("${EMPTY}", ""),
        ("${NONE:-}", ""),
        ("$${TAG}", "${TAG}"),
        ("$TAG costs $5", "$TAG costs $5"),
    ],
)
def test_fills_in(text: str, filled: str) -> None:
    """Variables are replaced by their values, or by the default if unset or empty; `$${` is a literal `${`."""
    assert interpolate(text, ENVIRONMENT) == filled


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("${NONE}", "the variable NONE is not set: export it, or give a default with ${NONE:-default}"),
        ("${TAG", "'${TAG' is not of the form ${VARIABLE} or ${VARIABLE:-default}"),
        ("${TAG:?no}", "'${TAG:?no}' is not of the form ${VARIABLE} or ${VARIABLE:-default}"),
        ("${1}", "'${1}' is not of the form ${VARIABLE} or ${VARIABLE:-default}"),
    ],
)
def test_refuses(text: str, expected: str) -> None:
    """A missing variable or an unknown form is an error that shows what is allowed."""
    with pytest.raises(ValueError, match=r"\$|variable") as caught:
        interpolate(text, ENVIRONMENT)
    assert str(caught.value) == expected
