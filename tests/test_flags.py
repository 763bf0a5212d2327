"""The flags of `set`, and the change that they ask for."""

from __future__ import annotations

import inspect
from typing import Any

import pytest

from syntheticnet.conditions import Conditions, condition_fields
from synthlab.commands.conditions import set_
from synthlab.errors import WrongUse
from synthlab.flags import build_change, chosen_directions, read_values


def test_every_condition_is_a_flag() -> None:
    """The schema's conditions are the command's parameters: one that is added there needs no edit here."""
    names = set(inspect.signature(set_).parameters)
    assert {item.name for item in condition_fields()} <= names


def test_every_example_is_accepted() -> None:
    """What the help shows as an example is a value."""
    for item in condition_fields():
        name, example = item.metadata["name"], item.metadata["example"]
        assert read_values({name: example}) == {name: example}


@pytest.mark.parametrize(
    ("ingress", "egress", "directions"),
    [
        (False, False, ("ingress", "egress")),
        (True, False, ("ingress",)),
        (False, True, ("egress",)),
        (True, True, ("ingress", "egress")),
    ],
)
def test_directions(ingress: bool, egress: bool, directions: tuple[str, ...]) -> None:
    """Without a direction both are meant."""
    assert chosen_directions(ingress, egress) == directions


@pytest.mark.parametrize(
    ("arguments", "change"),
    [
        (({"loss": "5%"}, ("egress",)), {"egress": {"loss": "5%"}}),
        (({"loss": None}, ("ingress", "egress")), {"ingress": {"loss": None}, "egress": {"loss": None}}),
        (({"loss": "100%"}, ("egress",), "*:udp"), {"flows": {"*:udp": {"egress": {"loss": "100%"}}}}),
        (({}, (), None, None, 7), {"seed": 7}),
    ],
)
def test_change(arguments: tuple[Any, ...], change: dict[str, Any]) -> None:
    """The change names just what the flags name."""
    assert build_change(*arguments) == change


def test_profile_replaces_and_flags_change_it() -> None:
    """A profile's values stand in place of all that a link had, and flags come on top."""
    profile = Conditions.from_dict({"egress": {"rate": "1mbit", "latency": "150ms"}})
    change = build_change({"latency": "10ms"}, ("egress",), profile=profile)
    before = Conditions.from_dict(
        {"egress": {"loss": "9%", "rate": "5mbit", "queue": "10p"}, "ingress": {"loss": "1%"}}
    )
    assert before.changed(change).to_dict() == {
        "egress": {"rate": "1mbit", "latency": "10ms"},
        "ingress": {"loss": "1%"},
    }


def test_none_clears() -> None:
    """The word `none` asks for no value, which is not the same as not asking."""
    assert read_values({"loss": "none"}) == {"loss": None}


def test_mistakes_name_the_flag() -> None:
    """A value that cannot be is told with its flag, before anything is asked of anybody."""
    with pytest.raises(WrongUse, match=r"^--jitter-share: '5' is not a share such as 5% or 0\.5%$"):
        read_values({"jitter_share": "5"})
