"""Which containers people mean."""

from __future__ import annotations

from dataclasses import replace

import pytest

from synthlab.control.container_lookup import find_member, find_members, unconditioned
from synthlab.errors import WrongUse
from synthlab.testing import fake_container

SFU = replace(fake_container("call", ""), id="sfu", role="sfu", group="")
LAB = [
    SFU,
    fake_container("call", "client1"),
    fake_container("call", "bot-1", "bot"),
    fake_container("call", "bot-2", "bot"),
]


@pytest.mark.parametrize(
    ("names", "found"),
    [
        ((), ["sfu", "client1", "bot-1", "bot-2"]),
        (("bot", "bot-2"), ["bot-1", "bot-2"]),
        (("sfu", "client1"), ["sfu", "client1"]),
    ],
)
def test_names(names: tuple[str, ...], found: list[str]) -> None:
    """A client, a group, the media server; nobody twice."""
    assert [container.title for container in find_members("call", LAB, names)] == found


def test_one() -> None:
    """Where one is needed, the name of a group of several is refused, and an unknown one told with the nearest."""
    assert find_member("call", LAB, "client1").title == "client1"
    with pytest.raises(WrongUse, match="'bot' matches several: bot-1, bot-2; name one of them"):
        find_member("call", LAB, "bot")
    with pytest.raises(WrongUse, match=r"no client 'cleint1' in lab 'call'; did you mean client1\?"):
        find_member("call", LAB, "cleint1")


def test_unconditioned() -> None:
    """Only a media server can be given conditions by its stack."""
    assert unconditioned("call", "turn").message == "turn has no conditions and no counters in lab 'call'"
    assert "`network: {}` under `sfu`" in unconditioned("call", "sfu").message
