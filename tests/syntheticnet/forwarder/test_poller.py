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

Pair = tuple[socket.socket, socket.socket]


@pytest.fixture
def pair() -> Iterator[Pair]:
    one, other = socket.socketpair()
    with one, other:
        yield one, other


def late(poller: Poller) -> int:
    """How long after a time a few milliseconds ahead `wait` returns, ns."""
    due = time.monotonic_ns() + AHEAD_NS
    assert poller.wait(due) == []
    return time.monotonic_ns() - due


def test_it_is_never_early() -> None:
    """`wait` never returns before its time, whatever the lead."""
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


def test_readable_files_are_reported_by_number(pair: Pair) -> None:
    """A readable file returns at once, whatever the deadline."""
    poller = Poller()
    quiet, _ = os.pipe()
    numbers = [poller.add(quiet), poller.add(pair[0].fileno())]
    assert poller.wait(0) == []
    pair[1].send(b"x")
    assert poller.wait(time.monotonic_ns() + 60 * SECOND) == numbers[1:]
    assert poller.wait(None) == numbers[1:]
    pair[0].recv(1)
    assert poller.wait(0) == []


def test_files_can_be_passed_by(pair: Pair) -> None:
    """An ignored file does not wake the poller until it is watched again."""
    poller = Poller()
    number = poller.add(pair[0].fileno())
    pair[1].send(b"x")
    poller.watch(number, False)
    assert poller.wait(time.monotonic_ns() + AHEAD_NS) == []
    poller.watch(number, True)
    assert poller.wait(None) == [number]
