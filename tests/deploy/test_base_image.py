"""Where the base image comes from."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from typing import Any

import pytest

from synthlab.deploy import base_image
from synthlab.deploy.base_image import debootstrap_command, ensure_base_image
from synthlab.engine.process import Finished
from synthlab.errors import SynthlabError
from synthlab.testing import FakeEngine


class Offline(FakeEngine):
    """An engine without images, offline from every registry."""

    def __init__(self) -> None:
        super().__init__(images={})

    def pull_image(self, tag: str, timeout_s: float | None = None) -> Finished:
        super().pull_image(tag, timeout_s)
        return Finished(1, ())


@pytest.fixture
def ran(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The programs run on a Debian machine with mmdebstrap."""
    programs: list[str] = []

    def run_program(command: Sequence[str], **_options: Any) -> Finished:
        programs.append(" ".join(command[:2]))
        return Finished(0, ())

    monkeypatch.setattr(base_image, "run_program", run_program)
    monkeypatch.setattr(base_image, "_is_debian_root", lambda: True)
    monkeypatch.setattr(shutil, "which", lambda name: f"/usr/bin/{name}")
    return programs


def test_present(ran: list[str]) -> None:
    """A base image on the engine is neither pulled nor built."""
    engine = FakeEngine()
    ensure_base_image(engine, lambda text: None)
    assert (engine.calls, ran) == ([], [])


def test_no_registry(ran: list[str]) -> None:
    """Without a registry, the image is built from Debian packages, with the same tag."""
    engine, result = Offline(), list[str]()
    ensure_base_image(engine, result.append)
    assert ran == ["mmdebstrap --variant=minbase"]
    assert engine.calls == ["pull debian:bookworm-slim", "import debian:bookworm-slim"]
    assert result[-1] == "no registry answers: building debian:bookworm-slim from Debian's packages"


def test_elsewhere(ran: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """If it can be neither pulled nor built, one line gives the next step."""
    monkeypatch.setattr(base_image, "_is_debian_root", lambda: False)
    engine = Offline()
    with pytest.raises(SynthlabError, match=r"^debian:bookworm-slim cannot be pulled: .*docker save .* docker load"):
        ensure_base_image(engine, lambda text: None)
    assert (engine.calls, ran) == (["pull debian:bookworm-slim"], [])


def test_command() -> None:
    """The base built from packages is minimal Debian without manuals, but with the copyright files."""
    command = debootstrap_command("/x/base.tar")
    assert command[:2] == ["mmdebstrap", "--variant=minbase"]
    assert command[-3:] == ["--dpkgopt=path-include=/usr/share/doc/*/copyright", "bookworm", "/x/base.tar"]
