"""Finding containers by name."""

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
    """A client, a group, the media server; each container once."""
    assert [container.title for container in find_members("call", LAB, names)] == found


def test_one() -> None:
    """A single container cannot be a group of several; for an unknown name, the error has the closest match."""
    assert find_member("call", LAB, "client1").title == "client1"
    with pytest.raises(WrongUse, match="'bot' matches several: bot-1, bot-2; name one of them"):
        find_member("call", LAB, "bot")
    with pytest.raises(WrongUse, match=r"no client 'cleint1' in lab 'call'; did you mean client1\?"):
        find_member("call", LAB, "cleint1")


def test_unconditioned() -> None:
    """Only servers that a stack can condition get a hint, each its own."""
    server = replace(fake_container("call", "x"), role="turn", client="turn")
    assert unconditioned(server).message == "turn has no conditions and no counters in lab 'call'"
    assert "`network: {}` under `sfu`" in unconditioned(replace(server, role="sfu", client="")).message
    assert "`--impair db`" in unconditioned(replace(server, role="service", client="db")).message
