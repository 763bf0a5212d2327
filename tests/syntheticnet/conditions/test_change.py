"""A parsed change: the same as its text, and no value is parsed twice."""

from __future__ import annotations

from typing import Any

import pytest

from syntheticnet.conditions import Conditions, ConditionsChange
from syntheticnet.conditions.link import LinkChange

from .test_client import FULL

CHANGES: list[dict[str, Any]] = [
    {},
    FULL,
    {"ingress": None, "seed": None},
    {"egress": {"loss": None, "latency": "5ms"}},
    {"flows": None},
    {"flows": {"media": None, "*:tcp": {"egress": {"loss": "1%"}}}},
    {"flows": {"media": {"match": "*:udp:5000", "ingress": None}}},
]


@pytest.mark.parametrize("change", CHANGES)
def test_a_parsed_change_is_its_text(change: dict[str, Any]) -> None:
    """What it makes of conditions is what the text makes of them, however often it is put in."""
    before = Conditions.from_dict(FULL)
    parsed = ConditionsChange.parse(change)
    assert [before.changed(parsed), before.changed(parsed)] == [before.changed(change)] * 2


def test_values_are_parsed_when_the_change_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """And not again where it is put in."""
    parsed = ConditionsChange.parse({"egress": {"loss": "5%"}, "flows": {"*:udp": {"egress": {"loss": "6%"}}}})

    def parse(_: object) -> LinkChange:
        raise AssertionError("parsed again")

    monkeypatch.setattr(LinkChange, "parse", parse)
    changed = Conditions().changed(parsed)
    assert (changed.egress.loss, changed.flows[0].egress.loss) == (0.05, 0.06)
