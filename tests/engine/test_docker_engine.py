"""The Docker engine: its address, its log stream, its images."""

from __future__ import annotations

import json
from pathlib import Path
from typing import ClassVar

import pytest

from synthlab.engine import labels
from synthlab.engine.docker_engine import Engine, split_lines
from synthlab.errors import SynthlabError


def test_whole_lines() -> None:
    """Lines split across chunks are joined, wherever they are split; the last may be unterminated."""
    assert list(split_lines([b"one\ntw", b"o\n", b"", b"thr\xc3", b"\xa4e"])) == ["one", "two", "thräe"]


def test_address(monkeypatch: pytest.MonkeyPatch) -> None:
    """DOCKER_HOST gives the engine's address, without asking anything."""
    monkeypatch.setenv("DOCKER_HOST", "unix:///nowhere/docker.sock")
    assert Engine().address() == "unix:///nowhere/docker.sock"


@pytest.mark.parametrize(("verify", "encrypted"), [("1", True), ("", False)])
def test_the_variables_of_docker_in_docker(verify: str, encrypted: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Certificates are left to the docker command, which reads them, whatever REQUESTS_CA_BUNDLE says."""
    monkeypatch.setenv("DOCKER_HOST", "tcp://docker:2376")
    monkeypatch.setenv("DOCKER_TLS_VERIFY", verify)
    assert Engine()._endpoint() == ("tcp://docker:2376", encrypted)


@pytest.mark.parametrize("material", [{}, {"docker": ["ca.pem"]}])
def test_a_context_without_a_config_file(
    material: dict[str, list[str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """DOCKER_CONTEXT means what it means to the docker command, also where no config.json has ever been written."""
    described = json.dumps({"Endpoints": {"docker": {"Host": "tcp://far:2376"}}, "TLSMaterial": material})
    program = tmp_path / "docker"
    program.write_text(f"#!/bin/sh\n[ $5 = far ] && echo '{described}'\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("DOCKER_HOST", raising=False)
    monkeypatch.setenv("DOCKER_CONTEXT", "far")
    assert Engine().address() == "tcp://far:2376"
    assert Engine()._endpoint() == ("tcp://far:2376", bool(material))
    monkeypatch.setenv("DOCKER_CONTEXT", "fare")
    with pytest.raises(SynthlabError, match=r"^no docker context 'fare': `docker context ls` lists them$"):
        Engine().address()


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
