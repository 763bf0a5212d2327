"""The engine: where it is, and what it says in pieces."""

from __future__ import annotations

import pytest

from synthlab.engine import Engine, _lines


def test_whole_lines() -> None:
    """Lines that come in pieces are put together, whatever the pieces are; the last may lack its end."""
    assert list(_lines([b"one\ntw", b"o\n", b"", b"thr\xc3", b"\xa4e"])) == ["one", "two", "thräe"]


def test_address(monkeypatch: pytest.MonkeyPatch) -> None:
    """DOCKER_HOST says where the engine is, and nobody is asked for that."""
    monkeypatch.setenv("DOCKER_HOST", "unix:///nowhere/docker.sock")
    assert Engine().address() in ("unix:///nowhere/docker.sock", "http+unix:///nowhere/docker.sock")
