"""RemoteNames: what is remembered and when it is looked up, on a hand-moved clock; short names of Docker's."""

from __future__ import annotations

import socket
from collections.abc import Callable
from concurrent.futures import Executor, Future
from typing import Any

import pytest

from syntheticnet.api import remote_names
from syntheticnet.api.remote_names import FOUND_S, UNKNOWN_S, RemoteNames, lookup, short_names


class Later(Executor):
    """Runs submitted calls when the test says so."""

    def __init__(self) -> None:
        self._calls: list[Callable[[], Any]] = []

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        self._calls.append(lambda: fn(*args, **kwargs))
        return Future()

    def run(self) -> int:
        calls, self._calls = self._calls, []
        for call in calls:
            call()
        return len(calls)


class Bench:
    """Names, with the resolver's answers in `known` and the clock in `now`."""

    def __init__(self) -> None:
        self.now = 100.0
        self.known: dict[str, str] = {}
        self.later = Later()
        self.names = RemoteNames(["10.0.0.1"], self.known.get, self.later, lambda: self.now)


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_an_answer_never_waits(bench: Bench) -> None:
    """A name is unknown until the lookup is done, and is looked up once, however often it is asked for."""
    bench.known["10.0.0.2"] = "sfu"
    assert [bench.names.of("10.0.0.2") for _ in range(3)] == [None] * 3
    assert bench.later.run() == 1
    assert bench.names.of("10.0.0.2") == "sfu"
    assert bench.later.run() == 0


def test_names_expire(bench: Bench) -> None:
    """After some time a name is looked up again; the old one holds until the new one is known."""
    bench.known["10.0.0.2"] = "client1"
    bench.names.of("10.0.0.2")
    bench.later.run()
    bench.known["10.0.0.2"] = "client2"
    bench.now += FOUND_S - 1
    assert (bench.names.of("10.0.0.2"), bench.later.run()) == ("client1", 0)
    bench.now += 1
    assert (bench.names.of("10.0.0.2"), bench.later.run()) == ("client1", 1)
    assert bench.names.of("10.0.0.2") == "client2"


def test_that_there_is_no_name_is_remembered_too(bench: Bench) -> None:
    """For a shorter time."""
    bench.names.of("10.0.0.2")
    bench.later.run()
    bench.known["10.0.0.2"] = "sfu"
    bench.now += UNKNOWN_S - 1
    assert (bench.names.of("10.0.0.2"), bench.later.run()) == (None, 0)
    bench.now += 1
    assert (bench.names.of("10.0.0.2"), bench.later.run()) == (None, 1)
    assert bench.names.of("10.0.0.2") == "sfu"


def test_the_host_and_public_addresses_are_not_looked_up(bench: Bench) -> None:
    """The host has its name; a question for a public address would leave over the conditioned network."""
    bench.known |= {"10.0.0.1": "gateway", "8.8.8.8": "dns.google", "2001:4860:4860::8888": "dns.google"}
    assert bench.names.of("10.0.0.1") == "host"
    assert [bench.names.of(address) for address in ("8.8.8.8", "2001:4860:4860::8888", "fe80::1")] == [None] * 3
    assert bench.later.run() == 0


def test_few_are_remembered(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of too many addresses those that were not asked for recently are forgotten."""
    monkeypatch.setattr(remote_names, "MOST_NAMES", 2)
    for address in ("10.0.0.2", "10.0.0.3", "10.0.0.2", "10.0.0.4"):
        bench.names.of(address)
    assert bench.later.run() == 3
    bench.names.of("10.0.0.2")
    assert bench.later.run() == 0
    bench.names.of("10.0.0.3")
    assert bench.later.run() == 1


@pytest.mark.parametrize(
    ("lab", "full", "short"),
    [
        ("call", "synthlab-call-client2-1.synthlab-call_default", ["client2"]),
        ("call", "synthlab-call-bot-1-1.synthlab-call_default", ["bot-1"]),
        ("call", "synthlab-call-sfu-network-1.synthlab-call_default", ["sfu", "sfu-network"]),
        ("call", "synthlab-call-turn-1.other", ["turn"]),
        ("a-b", "synthlab-a-b-client1-12.synthlab-a-b_default", ["client1"]),
        ("call", "synthlab-other-client2-1.synthlab-other_default", []),
        ("call", "my-server.synthlab-call_default", []),
        ("call", "app.example", []),
        ("", "client2.lan", []),
    ],
)
def test_short_names(lab: str, full: str, short: list[str]) -> None:
    """A container of the lab is called as its service; a server's network as the server. The full name comes last."""
    assert list(short_names(lab, full)) == [*short, full]


ADDRESSES = {"sfu": "10.0.0.2", "client2": "10.0.0.3", "client3-network": "10.0.0.4", "app.example": "10.0.0.9"}
FULL = {
    "10.0.0.2": "synthlab-call-sfu-network-1.synthlab-call_default",
    "10.0.0.3": "synthlab-call-client2-1.synthlab-call_default",
    "10.0.0.4": "synthlab-call-client3-network-1.synthlab-call_default",
    "10.0.0.5": "sfu",
    "10.0.0.6": "not a host",
    "10.0.0.9": "app.example",
}


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("10.0.0.2", "sfu"),
        ("10.0.0.3", "client2"),
        ("10.0.0.4", "client3-network"),
        ("10.0.0.5", None),
        ("10.0.0.6", None),
        ("10.0.0.7", None),
        ("10.0.0.9", "app.example"),
    ],
)
def test_only_names_that_lead_back_count(address: str, name: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    """So that a flow may use them, and nobody can pass for another by what the reverse lookup says."""

    def reverse(host: str) -> tuple[str, list[str], list[str]]:
        if host not in FULL:
            raise socket.herror(1, "Unknown host")
        return FULL[host], [], [host]

    def forward(name: str, _: None, type: int) -> list[Any]:
        if name not in ADDRESSES:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return [(socket.AF_INET, type, 17, "", (ADDRESSES[name], 0))]

    monkeypatch.setattr(socket, "gethostbyaddr", reverse)
    monkeypatch.setattr(socket, "getaddrinfo", forward)
    assert lookup("call", address) == name


def test_the_systems_resolver() -> None:
    """A lookup for real, of an address that every machine knows."""
    assert lookup("call", "127.0.0.1") == "localhost"
