"""The heartbeat: a question each second, an answer while the loop goes round."""

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
    """A question makes the process's end readable; once it has answered, the asker knows, once."""
    assert not pulse.answered()
    pulse.ask({"forwarder": {"hangs": 1}})
    assert select.select([pulse], [], [], 0)[0]
    pulse.answer()
    assert pulse.news == {"forwarder": {"hangs": 1}}
    assert pulse.answered()
    assert not pulse.answered()


def test_nobody_waits(pulse: Pulse) -> None:
    """Neither an asker whom nobody answers for hours, nor an answer to no question."""
    pulse.answer()
    for _ in range(10_000):
        pulse.ask({})
    assert not pulse.answered()
    pulse.ask({"the": "last one that found room counts"})
    pulse.answer()
    assert pulse.answered()
    assert pulse.news == {}
