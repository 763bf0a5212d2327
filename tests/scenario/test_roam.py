"""The step `roam`: what it does, and what is refused before anything starts."""

from __future__ import annotations

from pathlib import Path

import pytest

from synthlab.errors import WrongUse
from synthlab.scenario.plan_text import plan_text

from .files import checked

STACK = """\
routers: {home: {}, lte: {nat: symmetric}}
clients:
  phone: {image: x, uplinks: [home, lte]}
  ada: {image: x, uplink: home}
  out: {image: x}
"""


def steps(folder: Path, *lines: str) -> str:
    return plan_text(checked(folder, "".join(f"  - {line}\n" for line in lines), stack=STACK))


def test_ways_to_roam(tmp_path: Path) -> None:
    """To and fro, with a gap that takes time, and to another address."""
    text = steps(
        tmp_path,
        "{roam: phone, to: lte, gap: 3s}",
        "{roam: phone, to: home, how: step}",
        "{roam: ada, new_address: true}",
        "{restart: phone}",
        "{roam: phone, to: lte}",
    )
    assert "roam phone: jump to lte, 3s with no network" in text
    assert "roam phone: step to home, 1s with both networks" in text
    assert "roam ada: jump to a new address" in text
    assert "4s" in text


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (["{roam: phone, to: lt}"], "phone has no uplink 'lt'; did you mean lte.*; it has: home, lte"),
        (["{roam: phone, to: home}"], "phone is in home already at that time"),
        (["{roam: phone, to: lte}", "{roam: phone, to: lte}"], "phone is in lte already at that time"),
        (["{pause: phone}", "{roam: phone, to: lte}"], "phone is paused at that time"),
        (["{roam: ada, to: lte}"], "ada has one network only"),
        (["{roam: out, new_address: true}"], "out is behind no router"),
        (["{roam: home, to: lte}"], "no client 'home'"),
        (["{roam: phone}"], "give one of to and new_address"),
        (["{roam: phone, new_address: true, how: step}"], "jump only"),
        (["{roam: phone, to: lte, gap: 2min}"], "steps\\[0\\].gap: '2min' is not a time from 0s to 60s"),
    ],
)
def test_what_cannot_be(lines: list[str], expected: str, tmp_path: Path) -> None:
    """It is refused with its line, before anything starts."""
    with pytest.raises(WrongUse, match=expected):
        steps(tmp_path, *lines)
