"""The flag `--dns`, and what is shown of look-ups."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from synthlab.cli.dns_flag import read_dns
from synthlab.cli.lookups import lookups_table, resolver_troubles
from synthlab.control.state import ClientState
from synthlab.errors import WrongUse
from synthlab.testing import FakeClientApi

pytestmark = pytest.mark.issue(17)


@pytest.mark.parametrize(
    ("entries", "change"),
    [
        (["turn.example=nxdomain"], {"turn.example": {"answer": "nxdomain"}}),
        (["*=200ms", "a=timeout"], {"*": {"delay": "200ms"}, "a": {"answer": "timeout"}}),
        (["a=3s,servfail"], {"a": {"delay": "3s", "answer": "servfail"}}),
        (["a=10.0.0.9, 1.5s,fd00::9"], {"a": {"answer": "10.0.0.9, fd00::9", "delay": "1.5s"}}),
        (["a=none", "b=1s"], {"a": None, "b": {"delay": "1s"}}),
        (["none"], None),
    ],
)
def test_flag(entries: list[str], change: dict[str, Any] | None) -> None:
    """A delay and an answer in any order; `none` removes a name, or all."""
    assert read_dns(entries) == change


@pytest.mark.parametrize(
    ("entries", "line"),
    [
        (
            ["turn.example"],
            "'turn.example' is not of the form NAME=VALUE, such as turn.example=nxdomain; none removes all",
        ),
        (["a="], "'a=' is not of the form NAME=VALUE, such as turn.example=nxdomain; none removes all"),
        (
            ["a=nxdomian"],
            "a: 'nxdomian' is not a delay such as 3s, nxdomain, servfail, timeout or addresses; none removes it",
        ),
        (["a=3"], "a.delay: '3' is not a time such as 80ms, 1.5s or 250us"),
        (["a=nxdomain,timeout"], "a: nxdomain and timeout contradict each other; give one answer"),
        (["a=1s,2s"], "a: 1s and 2s contradict each other; give one delay"),
        (["a=1s", "a=2s"], "a is given more than once; separate its values by commas"),
        (["a b=1s"], "a b: 'a b' is not a name such as app.example, *.example or *"),
        (["none", "a=1s"], "'none' is not of the form NAME=VALUE, such as turn.example=nxdomain; none removes all"),
    ],
)
def test_bad_flags(entries: list[str], line: str) -> None:
    """One line that begins with the flag."""
    with pytest.raises(WrongUse) as raised:
        read_dns(entries)
    assert raised.value.message == f"--dns: {line}"


def state(dns: dict[str, Any], **resolver: Any) -> ClientState:
    found = FakeClientApi("client1").replace({"dns": dns})
    return replace(found, answer={**found.answer, "dns": resolver} if resolver else found.answer)


def test_table() -> None:
    """What is configured, next to what became of look-ups; a name that nobody has counted yet has no numbers."""
    counts = {"lookups": 12, "delayed": 12, "failed": 11, "unanswered": 0, "made_up": 0}
    shown = {
        "client1": state(
            {"a.example": {"delay": "3s", "answer": "nxdomain"}, "*": {"delay": "1s"}}, names={"a.example": counts}
        ),
        "client2": state({}),
    }
    table = lookups_table(shown)
    assert table.columns == ("client", "dns", "configured", "look-ups", "delayed", "failed", "unanswered", "made up")
    assert table.rows == [
        ("client1", "a.example", "delay 3s, answer nxdomain", "12", "12", "11", "0", "0"),
        ("client1", "*", "delay 1s", *"-----"),
    ]
    assert lookups_table(shown, counted=False).rows[1] == ("client1", "*", "delay 1s")


def test_troubles() -> None:
    """A resolver that was restarted is reported, and a kernel that leads no look-ups to it."""
    problem = "the kernel refuses rules of NAT"
    shown = {
        "client1": state({}, names={}, restarts=1),
        "client2": state({}, names={}, restarts=2, problem=problem),
        "client3": state({}, names={}, restarts=0),
    }
    assert list(resolver_troubles(shown)) == [
        "client1: the resolver was restarted once; look-ups waited meanwhile",
        f"client2: look-ups are not conditioned: {problem}",
        "client2: the resolver was restarted 2 times; look-ups waited meanwhile",
    ]
