"""Hosts that flows name are followed to their present addresses."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from syntheticnet.api import followed_hosts
from syntheticnet.api.followed_hosts import FollowedHosts, merged
from syntheticnet.channel import Unanswered

pytestmark = pytest.mark.issue(13)


class Control:
    """A forwarder whose flows name these hosts."""

    def __init__(self, hosts: Mapping[str, Sequence[str]]) -> None:
        self.hosts = dict(hosts)
        self.asked: list[str] = []
        self.silent = False

    async def ask(self, op: str, seconds: float = 1.0, **arguments: Any) -> dict[str, Any]:
        self.asked.append(op)
        if self.silent:
            raise Unanswered
        if op == "locate":
            self.hosts |= arguments["names"]
        return {"hosts": self.hosts} if op == "hosts" else {}


class Names:
    """A resolver."""

    def __init__(self, known: Mapping[str, Sequence[str]]) -> None:
        self.known = dict(known)

    async def __call__(self, name: str) -> Sequence[str]:
        if name not in self.known:
            raise OSError("no such host")
        return self.known[name]


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(followed_hosts, "PAUSE_SECONDS", 0.001)


def followed(control: Control, names: Names, *changes: Any) -> FollowedHosts:
    """Follow the hosts: one look before each of these calls, two whole ones after the last."""
    made = FollowedHosts(control, names)  # type: ignore[arg-type]

    async def looks(number: int) -> None:
        wanted = control.asked.count("hosts") + number
        while control.asked.count("hosts") < wanted:
            await asyncio.sleep(0.001)

    async def run() -> None:
        following = asyncio.create_task(made.follow())
        for change in changes:
            await looks(1)
            change(made)
        await asyncio.wait_for(looks(3), 20)
        following.cancel()

    asyncio.run(run())
    return made


def test_a_host_that_moved() -> None:
    """The forwarder gets the new addresses, once."""
    control, names = Control({"db": ["10.0.0.2"]}), Names({"db": ["10.0.0.3", "fd00::3"]})
    followed(control, names)
    assert control.hosts == {"db": ["10.0.0.3", "fd00::3"]}
    assert control.asked.count("locate") == 1
    assert control.asked.count("hosts") > 2


def test_a_host_that_is_gone_keeps_its_addresses() -> None:
    """Until it is found again."""
    control, names = Control({"db": ["10.0.0.2"]}), Names({})
    followed(control, names, lambda _: names.known.update(db=["10.0.0.9"]))
    assert control.hosts == {"db": ["10.0.0.9"]}
    names.known.clear()
    followed(control, names)
    assert control.hosts == {"db": ["10.0.0.9"]}


def test_a_host_that_was_never_found() -> None:
    """A flow of the stack may name a container that starts later."""
    control, names = Control({"db": []}), Names({})
    followed(control, names, lambda _: names.known.update(db=["10.0.0.9"]))
    assert control.hosts == {"db": ["10.0.0.9"]}


def test_no_names() -> None:
    """Without hosts nothing is asked again, until a change names one."""
    control, names = Control({}), Names({"db": ["10.0.0.3"]})

    def change(followed: FollowedHosts) -> None:
        assert control.asked == ["hosts"]
        control.hosts["db"] = ["10.0.0.2"]
        followed.named()

    followed(control, names, change)
    assert control.hosts == {"db": ["10.0.0.3"]}


def test_a_forwarder_that_does_not_answer() -> None:
    """It is asked again."""
    control, names = Control({"db": ["10.0.0.2"]}), Names({"db": ["10.0.0.3"]})
    control.silent = True
    followed(control, names, lambda _: setattr(control, "silent", False))
    assert control.hosts == {"db": ["10.0.0.3"]}


def test_hosts_on_the_internet() -> None:
    """Their earlier addresses remain, up to a limit; those of containers do not."""
    assert merged(["10.0.0.2"], ["10.0.0.3"]) == ["10.0.0.3"]
    assert merged(["8.8.8.8"], ["1.1.1.1"]) == ["1.1.1.1", "8.8.8.8"]
    many = [f"8.8.{number}.8" for number in range(200)]
    assert len(merged(many, ["1.1.1.1"])) == followed_hosts.MOST_ADDRESSES
    assert "1.1.1.1" in merged(many, ["1.1.1.1"])
