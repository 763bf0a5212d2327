"""The Docker engine: its address, its log stream, its images."""

from __future__ import annotations

from typing import ClassVar

import pytest

from synthlab.engine import labels
from synthlab.engine.docker_engine import Engine, _lines


def test_whole_lines() -> None:
    """Lines split across chunks are joined, wherever they are split; the last may be unterminated."""
    assert list(_lines([b"one\ntw", b"o\n", b"", b"thr\xc3", b"\xa4e"])) == ["one", "two", "thräe"]


def test_address(monkeypatch: pytest.MonkeyPatch) -> None:
    """DOCKER_HOST gives the engine's address, without asking anything."""
    monkeypatch.setenv("DOCKER_HOST", "unix:///nowhere/docker.sock")
    assert Engine().address() in ("unix:///nowhere/docker.sock", "http+unix:///nowhere/docker.sock")


def test_remove_images(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every tag of synthlab's is removed, including a stack's own browser; tags of others stay."""
    browser = "synthlab/chrome:chromium-150.0.7871.100-1-deb12u1"

    class Api:
        removed: ClassVar[list[str]] = []

        def images(self, filters: dict[str, str]) -> list[dict[str, list[str] | None]]:
            assert filters == {"label": labels.CONTENT}
            return [{"RepoTags": ["syntheticnet:latest", "acme/client:1"]}, {"RepoTags": [browser]}, {"RepoTags": None}]

        def remove_image(self, tag: str, force: bool) -> None:
            self.removed.append(tag)

    monkeypatch.setattr(Engine, "_connect", lambda engine: Api())
    assert Engine().remove_images() == Api.removed == ["syntheticnet:latest", browser]
