"""Waiting for files and times, with real ones."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Iterator

import pytest

from syntheticnet.forwarder.poller import MOST_LEAD_NS, SECOND, Poller

ROUNDS = 40
AHEAD_NS = 5_000_000
USUAL_NS = 60_000

Pair = tuple[socket.socket, socket.socket]


@pytest.fixture
def pair() -> Iterator[Pair]:
    one, other = socket.socketpair()
    with one, other:
        yield one, other


def late(poller: Poller) -> int:
    """How long after a time a few milliseconds ahead the wait for it ends, ns."""
    due = time.monotonic_ns() + AHEAD_NS
    assert poller.wait(due) == []
    return time.monotonic_ns() - due


def test_it_is_never_early() -> None:
    """A wait never ends before its time, whatever the lead."""
    poller = Poller()
    assert min(late(poller) for _ in range(ROUNDS)) >= 0


def test_it_learns_what_waking_costs() -> None:
    """The lead grows from 0 to the measured wake-up latency, and is bounded."""
    poller = Poller()
    for _ in range(ROUNDS):
        late(poller)
    assert 0 < poller.lead <= MOST_LEAD_NS


def test_a_near_time_is_not_waited_for_awake() -> None:
    """Near deadlines are slept through to the end, without busy-waiting."""
    poller = Poller()
    poller.lead = MOST_LEAD_NS
    costs = []
    for _ in range(10):
        before = time.process_time_ns()
        for _ in range(20):
            poller.wait(time.monotonic_ns() + 2 * MOST_LEAD_NS)
        costs.append(time.process_time_ns() - before)
    assert min(costs) < 10 * MOST_LEAD_NS  # awake it would cost twenty in each


def test_few_late_wake_ups_change_little() -> None:
    """The lead stays near the usual latency if one wake-up in four is very late: else it would wait awake for long."""
    poller = Poller()
    for n in range(400):
        poller._settle(time.monotonic_ns() - (USUAL_NS if n % 4 else 1000 * USUAL_NS), 0)
    assert USUAL_NS < poller.lead < 1.3 * USUAL_NS


def test_readable_files_are_reported(pair: Pair) -> None:
    """A readable file returns at once, whatever the deadline."""
    poller, fd = Poller(), pair[0].fileno()
    quiet, _ = os.pipe()
    poller.watch(quiet)
    poller.watch(fd)
    assert poller.wait(0) == []
    pair[1].send(b"x")
    assert poller.wait(time.monotonic_ns() + 60 * SECOND) == [fd]
    assert poller.wait(None) == [fd]
    pair[0].recv(1)
    assert poller.wait(0) == []


def test_files_can_be_passed_by(pair: Pair) -> None:
    """An ignored file does not wake the poller until it is watched again."""
    poller, fd = Poller(), pair[0].fileno()
    poller.watch(fd)
    pair[1].send(b"x")
    poller.ignore(fd)
    assert poller.wait(time.monotonic_ns() + AHEAD_NS) == []
    poller.watch(fd)
    assert poller.wait(None) == [fd]
