"""No packet bypasses the conditions: neither when the forwarder is dead or stopped, nor by another interface."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, suppress
from typing import Any, NamedTuple

import pytest

from synthlab import SynthlabError

from .leaks import EVERYONE, GROUPS
from .pair import Pair, Traffic, pair_up

pytestmark = pytest.mark.docker

PORT = 5000
ROUNDS = 100  # of one datagram to each target through each interface
QUESTIONS = 20  # of each kind
LATE_SECONDS = 1.0  # something that is sent may be received or answered this late

# What a kernel with queued packets asks automatically once the forwarder is back.
OWN_QUESTIONS = 2


class Way(NamedTuple):
    sender: str
    receiver: str
    family: int


WAYS = [Way(*ends, family) for ends in (("client1", "client2"), ("client2", "client1")) for family in (4, 6)]
"""All are tried at once."""


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    with pair_up("e2e-leaks", tmp_path_factory.mktemp("stack"), "dual") as pair:
        yield pair


@contextmanager
def killed(pair: Pair) -> Iterator[None]:
    """client2 without a forwarder; PID 1, which would restart it, is stopped."""
    init = pair.pid("client2")
    os.kill(init, signal.SIGSTOP)
    try:
        os.kill(pair.forwarder("client2"), signal.SIGKILL)
        yield
    finally:
        os.kill(init, signal.SIGCONT)


@contextmanager
def stopped(pair: Pair) -> Iterator[None]:
    """client2 with a stopped forwarder; PID 1, which would replace it, is stopped too."""
    processes = pair.pid("client2"), pair.forwarder("client2")
    for process in processes:
        os.kill(process, signal.SIGSTOP)
    try:
        yield
    finally:
        for process in reversed(processes):
            os.kill(process, signal.SIGCONT)


def shout(pair: Pair, way: Way, patience_s: float = 0) -> Traffic:
    address = pair.address(way.receiver, way.family)
    return pair.traffic(way.sender, "shout", ROUNDS, address, PORT, patience_s, script="leaks.py")


def listen(pair: Pair, way: Way) -> Traffic:
    return pair.traffic(way.receiver, "listen", PORT, way.family, script="leaks.py").ready()


def ask(pair: Pair, way: Way) -> Traffic:
    """Returns once all requests are sent; answers are collected until its result is read."""
    host, mac = pair.address(way.receiver, way.family), pair.network(way.receiver)["MacAddress"]
    outer_mac = pair.read(way.receiver, "/sys/class/net/eth0/address").strip()
    return pair.traffic(way.sender, "ask", QUESTIONS, host, mac, outer_mac, script="leaks.py").ready()


def results(started: Mapping[Way, Traffic]) -> dict[Way, dict[str, Any]]:
    return {way: traffic.result() for way, traffic in started.items()}


def heard_of(heard: Iterable[tuple[str, str, int]], way: Way) -> dict[tuple[str, str], int]:
    """What a listener heard of others, by interface and content: not what its own client says to everyone."""
    return {(interface, said): count for interface, said, count in heard if said.split()[0] != way.receiver}


def test_a_live_forwarder_passes_all_kinds(pair: Pair) -> None:
    """Control for the test below: on synth0, and only there, everything is received and answered.

    An application bound to eth0 or to the outer end of the veth pair neither sends nor receives, not even what it sends
    itself on synth0.
    """
    listening = {way: listen(pair, way) for way in WAYS}
    shouted = results({way: shout(pair, way, patience_s=3) for way in WAYS})
    asking = {way: ask(pair, way) for way in WAYS}
    time.sleep(LATE_SECONDS)
    answered, listened = results(asking), results(listening)
    for way in WAYS:
        everything, heard = listened[way]["heard"], heard_of(listened[way]["heard"], way)
        targets = (pair.address(way.receiver, way.family), *EVERYONE[way.family], *GROUPS[way.family])
        said = {f"{way.sender} synth0 {target}" for target in targets}
        assert set(heard) == {("synth0", words) for words in {*said, "a connection"}}
        assert min(heard["synth0", words] for words in said) > ROUNDS / 10  # a busy machine drops some
        own = {(interface, words.split()[1]) for interface, words, _ in everything if (interface, words) not in heard}
        assert own <= {("synth0", "synth0")}
        assert shouted[way]["connected"] == ["synth0"]
        assert min(shouted[way]["refused"]["eth0"], shouted[way]["refused"]["synth0-out"]) >= ROUNDS
        answers = answered[way]["answers"]
        for kind in ("echo", "echo of everyone", "who has"):
            assert answers.count(kind) > QUESTIONS / 10
        assert "echo of the other MAC" not in answers


@pytest.mark.parametrize("silenced", [killed, stopped])
def test_nothing_passes_without_a_forwarder(
    pair: Pair, silenced: Callable[[Pair], AbstractContextManager[None]]
) -> None:
    """Dead or stopped forwarder: nothing is received or answered on any interface, nor late once it is back."""
    before = pair.state()["links"]
    with silenced(pair):
        listening = {way: listen(pair, way) for way in WAYS}
        shouted = results({way: shout(pair, way) for way in WAYS})
        asking = {way: ask(pair, way) for way in WAYS}
        time.sleep(LATE_SECONDS)
    _await_forwarder(pair)
    time.sleep(LATE_SECONDS)
    answered, listened = results(asking), results(listening)
    for way in WAYS:
        assert shouted[way]["sent"]["synth0"] >= ROUNDS
        assert shouted[way]["connected"] == []
        assert heard_of(listened[way]["heard"], way) == {}
        answers = answered[way]["answers"]
        assert len(answers) <= OWN_QUESTIONS
        assert set(answers) <= {"who has"}
    after = pair.state()["links"]
    for direction in ("ingress", "egress"):
        stalled = after[direction]["dropped"]["stalled"] - before[direction]["dropped"].get("stalled", 0)
        assert stalled >= 2 * ROUNDS


def _await_forwarder(pair: Pair, seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while True:
        with suppress(SynthlabError):
            pair.state()
            return
        assert time.monotonic() < deadline, f"the forwarder is not back after {seconds} s"
        time.sleep(0.1)
