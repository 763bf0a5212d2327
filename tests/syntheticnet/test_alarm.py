"""Waking up at a deadline, with real timers."""

from __future__ import annotations

import select
import time

import pytest

from syntheticnet.alarm import MOST_LEAD_NS, Alarm

ROUNDS = 40
AHEAD_NS = 5_000_000


@pytest.fixture
def alarm() -> Alarm:
    return Alarm()


def ring(alarm: Alarm) -> int:
    """One deadline a few milliseconds ahead: how long after it `rang` has returned, ns."""
    now = time.monotonic_ns()
    alarm.set(now + AHEAD_NS, now)
    with select.epoll() as waiting:
        waiting.register(alarm.fileno(), select.EPOLLIN)
        waiting.poll()
    alarm.rang()
    return time.monotonic_ns() - now - AHEAD_NS


def test_it_is_never_early(alarm: Alarm) -> None:
    """However much it wakes ahead, `rang` returns no sooner than the deadline."""
    assert min(ring(alarm) for _ in range(ROUNDS)) >= 0


def test_it_learns_what_waking_costs(alarm: Alarm) -> None:
    """The lead grows from 0 to what wake-ups here take, and is bounded."""
    for _ in range(ROUNDS):
        ring(alarm)
    assert 0 < alarm.lead <= MOST_LEAD_NS


def test_a_near_deadline_is_not_waited_for_awake(alarm: Alarm) -> None:
    """Under dense traffic the timer rings at the deadline itself."""
    alarm.lead = MOST_LEAD_NS
    now = time.monotonic_ns()
    alarm.set(now + MOST_LEAD_NS * 2, now)
    assert alarm._early == 0


def test_no_deadline_never_rings(alarm: Alarm) -> None:
    """Without a deadline there is no wake-up."""
    alarm.set(time.monotonic_ns() + AHEAD_NS, time.monotonic_ns())
    alarm.set(None, time.monotonic_ns())
    with select.epoll() as waiting:
        waiting.register(alarm.fileno(), select.EPOLLIN)
        assert waiting.poll(0.05) == []
