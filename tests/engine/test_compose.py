"""What Compose writes beside the project that it resolves."""

from __future__ import annotations

import pytest

from synthlab.engine.compose import read_messages

pytestmark = pytest.mark.issue(13)


def logged(level: str, text: str) -> str:
    return f'time="2026-01-01T00:00:00Z" level={level} msg="{text}"\n'


def test_warnings() -> None:
    """Each once, as plain text, apart from everything else."""
    unset = 'The \\"{}\\" variable is not set. Defaulting to a blank string.'
    lines = [logged("warning", unset.format(name)) for name in ("CONFIG", "ALPHA", "CONFIG", "BETA", "ALPHA")]
    warnings, problems = read_messages([*lines, "\n", "service web: no such key\n"])
    assert warnings == [f'The "{name}" variable is not set. Defaulting to a blank string.' for name in UNSET]
    assert problems == ["service web: no such key"]


UNSET = ("CONFIG", "ALPHA", "BETA")


def test_errors_in_the_log() -> None:
    """An error that Compose logs is one, without its time."""
    assert read_messages([logged("error", "no such file"), logged("fatal", "x")]) == ([], ["no such file", "x"])
