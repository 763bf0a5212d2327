"""Routers in scenarios: their NAT as a value, and what does not get past them."""

from __future__ import annotations

from pathlib import Path

import pytest

from synthlab.errors import WrongUse
from synthlab.scenario.actions import Change
from synthlab.scenario.plan_text import plan_text

from .files import checked

STACK = """\
routers: {home: {}, flat: {uplink: home, nat: symmetric}}
clients:
  ada: {image: x, uplink: home}
  out: {image: x}
"""


def steps(folder: Path, *lines: str) -> list[str]:
    plan = checked(folder, "".join(f"  - {line}\n" for line in lines), stack=STACK)
    return plan_text(plan).splitlines()[4:]


def test_a_nat_is_set_like_any_value(tmp_path: Path) -> None:
    """For a time or not, alone or beside others, as a word or with more."""
    lines = steps(
        tmp_path,
        "{set: home, nat: symmetric, for: 10s}",
        "{set: [home, flat], nat: {kind: full-cone, hairpin: yes, mapping_timeout: 30s}, egress: {rate: 1mbit}}",
        "{reset: home}",
    )
    text = "\n".join(lines)
    assert "set home: nat symmetric for 10s" in text
    assert "nat full-cone, hairpin true, mapping_timeout 30s" in text
    assert "egress rate 1mbit" in text


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        ("{set: ada, nat: symmetric}", "'ada' is not a router; routers of the stack: home, flat"),
        ("{set: [home, ada], nat: symmetric}", "'ada' is not a router"),
        ("{set: home, nat: symetric}", "nat: 'symetric' is not one of .*; did you mean symmetric"),
        ("{set: home, nat: {kind: symmetric, hairpin: true}}", "nat.hairpin: has no effect on symmetric"),
        ("{traffic: out, to: ada, for: 5s}", "ada is behind the router home, and out does not see past it"),
        ("{traffic: ada, to: out, direction: ingress, for: 5s}", "ada is behind the router home"),
    ],
)
def test_what_cannot_be(step: str, expected: str, tmp_path: Path) -> None:
    """It is refused with its line, before anything starts."""
    with pytest.raises(WrongUse, match=expected):
        steps(tmp_path, step)


def test_a_partition_is_put_at_the_end_that_sees_the_other(tmp_path: Path) -> None:
    """Whoever is outside knows only the router."""
    for ends in ("[out, ada]", "[ada, out]"):
        (visit,) = checked(tmp_path, f"  - {{partition: {ends}}}\n", stack=STACK).visits()
        (timed,) = visit.run.actions
        assert isinstance(timed.action, Change)
        assert timed.action.clients == ("ada",)
        assert timed.action.change["flows"].keys() == {"out"}
