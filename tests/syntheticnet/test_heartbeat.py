"""The heartbeat: PID 1's request, and an answer while the child's loop runs."""

from __future__ import annotations

import select
from collections.abc import Iterator

import pytest

from syntheticnet.heartbeat import Pulse


@pytest.fixture
def pulse() -> Iterator[Pulse]:
    pulse = Pulse()
    yield pulse
    pulse.close()


def test_a_question_and_its_answer(pulse: Pulse) -> None:
    """A request makes the child's end readable; its answer is reported exactly once."""
    assert not pulse.answered()
    pulse.ask({"forwarder": {"hangs": 1}})
    assert select.select([pulse], [], [], 0)[0]
    pulse.answer()
    assert pulse.news == {"forwarder": {"hangs": 1}}
    assert pulse.answered()
    assert not pulse.answered()


def test_nobody_waits(pulse: Pulse) -> None:
    """Neither end blocks: not with hours of unanswered requests, nor on an answer without a request."""
    pulse.answer()
    for _ in range(10_000):
        pulse.ask({})
    assert not pulse.answered()
    pulse.ask({"the": "last one that found room counts"})
    pulse.answer()
    assert pulse.answered()
    assert pulse.news == {}
