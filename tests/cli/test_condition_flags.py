"""The flags of `set`, and the change they request."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any

import pytest

from syntheticnet.conditions import Conditions, condition_fields
from synthlab.cli.commands.conditions import set_
from synthlab.cli.condition_flags import chosen_directions, read_values, take_files
from synthlab.control.change import build_change
from synthlab.errors import WrongUse


def test_every_condition_is_a_flag() -> None:
    """Every condition of the schema is a parameter of the command."""
    names = set(inspect.signature(set_).parameters)
    assert {item.name for item in condition_fields()} <= names


def test_every_example_is_accepted() -> None:
    """The examples in the help are valid values."""
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
    """Without a direction, both are changed."""
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
    """The change has only the values of the flags."""
    assert build_change(*arguments) == change


def test_profile_replaces_and_flags_change_it() -> None:
    """A profile replaces all values of a link, and flags override it."""
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
    """The word `none` clears a value, unlike a missing flag."""
    assert read_values({"loss": "none"}) == {"loss": None}


def test_local_files(tmp_path: Path) -> None:
    """A path is replaced by the file's name, and its text is returned; other values are unchanged."""
    trace = tmp_path / "train.mahi"
    trace.write_text("5\n")
    assert take_files({"rate_trace": str(trace), "loss": "5%"}) == (
        {"rate_trace": "train.mahi", "loss": "5%"},
        {"train.mahi": "5\n"},
    )
    assert take_files({"rate_trace": "uploaded", "reordering": True}) == (
        {"rate_trace": "uploaded", "reordering": True},
        {},
    )


@pytest.mark.parametrize("content", [None, b"five\n", b"\xff"])
def test_local_files_that_cannot_be(content: bytes | None, tmp_path: Path) -> None:
    """A missing or invalid file is reported with its flag and path, before any client is contacted."""
    trace = tmp_path / "train.mahi"
    if content is not None:
        trace.write_bytes(content)
    with pytest.raises(WrongUse, match=rf"^--rate-trace: {trace}: [^\n]+$"):
        take_files({"rate_trace": str(trace)})


def test_two_files_of_one_name(tmp_path: Path) -> None:
    """They would overwrite each other in the container."""
    for folder, content in (("a", "5\n"), ("b", "0 5\n")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "x").write_text(content)
    with pytest.raises(WrongUse, match=r"^--delay-trace: two files are named x; rename one of them$"):
        take_files({"rate_trace": str(tmp_path / "a" / "x"), "delay_trace": str(tmp_path / "b" / "x")})


def test_mistakes_name_the_flag() -> None:
    """An invalid value is reported with its flag, before any client is contacted."""
    with pytest.raises(WrongUse, match=r"^--jitter-share: '5' is not a share such as 5% or 0\.5%; none clears it$"):
        read_values({"jitter_share": "5"})


def test_help_names_what_a_value_needs() -> None:
    """All alternatives are listed, as flags."""
    option = inspect.signature(set_).parameters["queue"].annotation.__metadata__[0]
    assert option.help.endswith(" Requires --rate or --rate-trace.")


def test_mistakes_in_values_of_several_numbers() -> None:
    """They are one value, and the invalid number is reported."""
    with pytest.raises(WrongUse, match=r"^--loss-gemodel: '120%' is not between 0% and 100%; none clears it$"):
        read_values({"loss_gemodel": "1% 120%"})
    assert read_values({"outage": True, "mtu_answer": False}) == {"outage": True, "mtu_answer": False}
