"""No packet bypasses the conditions: neither when the forwarder is dead or stopped, nor by another interface."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import pytest

from .labs import synthlab
from .leaks import EVERYONE, GROUPS
from .pair import Pair, Traffic, pair_up

pytestmark = [pytest.mark.docker, pytest.mark.parametrize("family", [4, 6])]

PORT = 5000
ROUNDS = 100  # of one datagram to each target through each interface
QUESTIONS = 20  # of each kind
LISTEN_SECONDS = 7
DIRECTIONS = [("client1", "client2"), ("client2", "client1")]

# What a kernel with queued packets asks automatically once the forwarder is back.
OWN_QUESTIONS = 2


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


def shout(pair: Pair, sender: str, receiver: str, family: int, patience_s: float = 0) -> Traffic:
    return pair.traffic(sender, "shout", ROUNDS, pair.address(receiver, family), PORT, patience_s, script="leaks.py")


def listen(pair: Pair, client: str, family: int) -> Traffic:
    return pair.traffic(client, "listen", LISTEN_SECONDS, PORT, family, script="leaks.py").ready()


def ask(pair: Pair, sender: str, receiver: str, family: int) -> Traffic:
    """Returns once all requests are sent; answers are collected as long as a listener runs."""
    host, mac = pair.address(receiver, family), pair.network(receiver)["MacAddress"]
    outer_mac = pair.read(receiver, "/sys/class/net/eth0/address").strip()
    arguments = (QUESTIONS, LISTEN_SECONDS - 2, host, mac, outer_mac)
    return pair.traffic(sender, "ask", *arguments, script="leaks.py").ready()


@pytest.mark.parametrize(("sender", "receiver"), DIRECTIONS)
def test_a_live_forwarder_passes_all_kinds(pair: Pair, family: int, sender: str, receiver: str) -> None:
    """Control for the tests below: on synth0, and only there, everything is received and answered.

    An application bound to eth0 or to the outer end of the veth pair neither sends nor receives, not even what it sends
    itself on synth0.
    """
    listening, own = listen(pair, receiver, family), listen(pair, sender, family)
    shouted = shout(pair, sender, receiver, family, patience_s=3).result()
    asking = ask(pair, sender, receiver, family)
    heard = {(interface, said): count for interface, said, count in listening.result()["heard"]}
    said = {f"synth0 {target}" for target in (pair.address(receiver, family), *EVERYONE[family], *GROUPS[family])}
    assert set(heard) == {("synth0", words) for words in {*said, "a connection"}}
    assert min(heard["synth0", words] for words in said) > ROUNDS / 10  # a busy machine drops some
    assert {(interface, words.split()[0]) for interface, words, _ in own.result()["heard"]} <= {("synth0", "synth0")}
    assert shouted["connected"] == ["synth0"]
    assert min(shouted["refused"]["eth0"], shouted["refused"]["synth0-out"]) >= ROUNDS
    answers = [kind for kind, _ in asking.result()["answers"]]
    for kind in ("echo", "echo of everyone", "who has"):
        assert answers.count(kind) > QUESTIONS / 10
    assert "echo of the other MAC" not in answers


@pytest.mark.parametrize("silenced", [killed, stopped])
@pytest.mark.parametrize(("sender", "receiver"), DIRECTIONS)
def test_nothing_passes_without_a_forwarder(
    pair: Pair, family: int, sender: str, receiver: str, silenced: Callable[[Pair], AbstractContextManager[None]]
) -> None:
    """Dead or stopped forwarder: nothing is received or answered on any interface, nor late once it is back."""
    with silenced(pair):
        listening = listen(pair, receiver, family)
        shouted = shout(pair, sender, receiver, family).result()
        asking = ask(pair, sender, receiver, family)
        time.sleep(1)
    assert shouted["sent"]["synth0"] >= ROUNDS
    assert shouted["connected"] == []
    assert listening.result()["heard"] == []
    answers = [kind for kind, _ in asking.result()["answers"]]
    assert len(answers) <= OWN_QUESTIONS
    assert set(answers) <= {"who has"}
    _await_forwarder(pair)
    direction = "ingress" if receiver == "client2" else "egress"
    assert pair.state()["links"][direction]["dropped"]["stalled"] >= ROUNDS


def _await_forwarder(pair: Pair, seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while synthlab("show", "client2", "--lab", pair.name, status=None).returncode:
        assert time.monotonic() < deadline, f"the forwarder is not back after {seconds} s"
        time.sleep(0.1)
