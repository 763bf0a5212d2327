"""Engines named on the command line: which names are accepted, and what a program is told to use one."""

from __future__ import annotations

from pathlib import Path

import pytest

from synthlab.engine.named_engine import EngineIdentity, NamedEngine, read_engines
from synthlab.errors import SynthlabError, WrongUse

from .docker_command import docker_command

pytestmark = pytest.mark.issue(14)


@pytest.fixture(autouse=True)
def contexts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A docker command with the contexts `default` and `big`."""
    docker_command(tmp_path, monkeypatch, "echo default; echo big")


@pytest.mark.parametrize(
    ("lists", "names"),
    [
        (["ssh://me@a,tcp://b:2375"], ["ssh://me@a", "tcp://b:2375"]),
        (["default, big", "unix:///run/c.sock"], ["default", "big", "unix:///run/c.sock"]),
    ],
)
def test_lists(lists: list[str], names: list[str]) -> None:
    """Addresses and contexts, separated by commas or in several options."""
    assert [engine.name for engine in read_engines(lists)] == names


@pytest.mark.parametrize(
    ("lists", "expected"),
    [
        (["default,bgi"], "no context 'bgi'; did you mean big?"),
        (["ssh://a,"], "'' is no engine: give ssh://..., tcp://..., unix://... or the name of a context"),
        (["http://a"], "'http://a' is no engine: give "),
        (["ssh://"], "'ssh://' is no engine: give "),
        (["ssh://a,big", "ssh://a"], "ssh://a is given more than once"),
    ],
)
def test_mistakes(lists: list[str], expected: str) -> None:
    """What names no engine, or the same one twice, is refused."""
    with pytest.raises(WrongUse) as caught:
        read_engines(lists)
    assert caught.value.message.startswith(expected)


def test_environment() -> None:
    """Either variable is empty, so that what the user has set does not count."""
    assert NamedEngine("ssh://a").environment == {"DOCKER_HOST": "ssh://a", "DOCKER_CONTEXT": ""}
    assert NamedEngine("big").environment == {"DOCKER_HOST": "", "DOCKER_CONTEXT": "big"}


def test_identity(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The engine of that name is asked; what ssh writes meanwhile is not its answer."""
    docker_command(
        tmp_path, monkeypatch, 'echo Warning: added b >&2; echo "synthlab: 24.0.7 ID:A $DOCKER_HOST /var/lib/docker"'
    )
    assert NamedEngine("ssh://b").identity() == EngineIdentity("24.0.7", "ID:A ssh://b /var/lib/docker")


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ("echo 'synthlab:   '; echo Cannot connect to it. >&2; exit 1", "ssh://b: Cannot connect to it."),
        ("echo 'synthlab:   '; exit 1", "ssh://b: no answer within 20 s"),
    ],
)
def test_no_answer(script: str, expected: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The error has the engine's name, and why the command does not reach it."""
    docker_command(tmp_path, monkeypatch, script)
    with pytest.raises(SynthlabError) as caught:
        NamedEngine("ssh://b").identity()
    assert caught.value.message == expected
