"""Bringing a lab up until its clients see each other's video."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from synthlab.control.running_lab import RunningLab
from synthlab.errors import SynthlabError
from synthlab.lab import bring_up
from synthlab.stack import read_stack
from synthlab.testing import fake_backend


@pytest.mark.parametrize("ends", [KeyboardInterrupt(), SynthlabError("after 120 s client1 has not seen bot-1's video")])
def test_waiting_for_media_in_vain(monkeypatch: pytest.MonkeyPatch, ends: BaseException) -> None:
    """Ctrl-C or a timeout while a healthy lab waits for video leaves nothing behind."""
    backend, _ = fake_backend("call")
    lines: list[str] = []

    def wait_for_video(_lab: RunningLab, progress: Callable[[str], None], _timeout_s: float) -> float:
        progress("video: 8/12 pairs seen")
        raise ends

    monkeypatch.setattr(bring_up, "launch", lambda stack, *given: stack)
    monkeypatch.setattr(bring_up, "wait_for_video", wait_for_video)
    with pytest.raises(type(ends)):
        bring_up.bring_up(read_stack("call"), backend, lines.append, timeout_s=120, wait_media=True)
    assert backend.engine.containers() == []
    assert lines == ["video: 8/12 pairs seen", "removing what was created of call"]
