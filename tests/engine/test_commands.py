"""The docker commands of the real engine, with a `docker` that only records its arguments."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from synthlab.engine.compose import PortTaken
from synthlab.engine.images import ImageBuild
from synthlab.engine.swarm_engine import SwarmEngine as Engine
from synthlab.errors import SynthlabError, WrongUse
from synthlab.testing import fake_container

pytestmark = pytest.mark.issue(11)

LISTING = (
    'ps --all --no-trunc --filter label=synthlab.lab --format {{.Label "synthlab.lab"}}\\t{{.Label "synthlab.client"}}'
    '\\t{{.Label "synthlab.group"}}\\t{{.Label "synthlab.role"}}\\t{{.Ports}}'
)
BUILD = ImageBuild(tag="a:1", context=Path("/folder"), args={"V": "1"}, labels={"l": "2"}, dockerfile=Path("/file"))


@pytest.fixture
def asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], list[str]]:
    """The arguments of each docker command so far, without `docker`."""
    log, program = tmp_path / "asked", tmp_path / "docker"
    program.write_text(
        f'#!/bin/sh\nprintf "%s\\n" "$*" | sed "s#--output [^ ]*yaml#--output OUTPUT#" >> {log}\n'
        f'[ "$6" != config ] || echo "services: {{}}" > "$8"\ncat > {tmp_path}/input\necho "{{}}"\n'
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "FTP_PROXY", "ALL_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    for name in ("SSL_CERT_FILE", "PIP_CERT", "REQUESTS_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
    return lambda: log.read_text().splitlines()


def unheard(_line: str) -> None:
    pass


@pytest.mark.parametrize(
    ("act", "commands"),
    [
        (lambda engine: engine.pull_image("a:1"), ["pull a:1"]),
        (lambda engine: engine.push_image("a:1"), ["push a:1"]),
        (lambda engine: engine.import_image(Path("/base.tar"), "a:1"), ["import /base.tar a:1"]),
        (lambda engine: engine.save_images(["a:1", "b"], Path("/x.tar")), ["save --output /x.tar a:1 b"]),
        (lambda engine: engine.load_images(Path("/x.tar"), unheard), ["load --input /x.tar"]),
        (lambda engine: engine.untag_image("a:1"), ["rmi --no-prune a:1"]),
        (
            lambda engine: engine.build_image(BUILD, unheard),
            [
                "context show",
                "buildx build --load --progress plain --tag a:1 --label l=2 --build-arg V=1 --file /file /folder",
            ],
        ),
        (
            lambda engine: engine.compose_up("synthlab-call", "file", unheard),
            ["compose --progress plain -p synthlab-call -f - up --detach"],
        ),
        (
            lambda engine: engine.compose_config(["-f", "/c.yaml", "-p", "acme"], {}, substitute=False),
            ["compose -f /c.yaml -p acme config --output OUTPUT --no-interpolate"],
        ),
        (lambda engine: engine.tool_version("engine"), ["version --format {{.Server.Version}}"]),
        (lambda engine: engine.tool_version("compose"), ["compose version --short"]),
        (lambda engine: engine.tool_version("buildx"), ["buildx version"]),
    ],
)
def test_commands(act: Callable[[Engine], object], commands: list[str], asked: Callable[[], list[str]]) -> None:
    """Each method runs one docker command with exactly these arguments; a build first asks for the current context."""
    act(Engine())
    assert asked() == commands


def test_names(asked: Callable[[], list[str]]) -> None:
    """The names for a shell are those of containers and, asked at the same time, of a swarm's services."""
    Engine().members()
    labels = [f'{{{{index .Spec.Labels "synthlab.{name}"}}}}' for name in ("lab", "client", "group", "role")]
    shown = "\t".join(labels)
    services = ["service ls --quiet --filter label=synthlab.lab", f"service inspect --format {shown} {{}}"]
    assert sorted(asked()) == sorted([LISTING, *services])


def test_input(asked: Callable[[], list[str]], tmp_path: Path) -> None:
    """Compose reads the rendered file from stdin."""
    engine = Engine()
    engine.compose_up("synthlab-call", "services: {}\n", unheard)
    assert (tmp_path / "input").read_text() == "services: {}\n"
    assert len(asked()) == 1


def test_without_a_terminal() -> None:
    """The commands for the tunnel and the guard are prefixes: the command to run is appended."""
    engine = Engine()
    relay = engine.exec_command(fake_container("call", "client1"), ["ls"], user="root")
    assert relay == ["docker", "exec", "-i", "--user", "0", "call/client1", "ls"]
    assert engine.control_command(fake_container("call", "client1"), "stop") == ["docker", "stop", "call/client1"]


def test_failures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A lab that Compose cannot start is an error, an invalid file is wrong use, a failing tool has no version."""
    program = tmp_path / "docker"
    program.write_text("#!/bin/sh\necho no such service\nexit 1\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    engine = Engine()
    with pytest.raises(SynthlabError, match=r"^docker compose could not start the lab$"):
        engine.compose_up("synthlab-call", "", unheard)
    with pytest.raises(WrongUse, match=r"^no such service$"):
        engine.compose_config(["-f", "/c.yaml"], {})
    assert engine.tool_version("compose") is None


@pytest.fixture
def failing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Makes every docker command fail with this message."""

    def fail(message: str) -> None:
        program = tmp_path / "docker"
        program.write_text(f'#!/bin/sh\necho "$*" > {tmp_path}/asked\necho "{message}" >&2\nexit 1\n')
        program.chmod(0o755)
        monkeypatch.setenv("PATH", str(tmp_path), prepend=":")

    return fail


def test_a_lock_that_is_held(failing: Callable[[str], None], tmp_path: Path) -> None:
    """The lock is a container with a fixed name: if that is in use, the lock is held."""
    failing("the name is already in use")
    assert Engine().lock("call", "debian") is None
    assert (tmp_path / "asked").read_text().startswith("run --rm --interactive --name synthlab-call.lock ")


@pytest.mark.parametrize(
    ("message", "reason"), [("", "docker ended with status 1"), ("no such image", "no such image")]
)
def test_a_lock_that_fails(message: str, reason: str, failing: Callable[[str], None]) -> None:
    """Any other failure is an error with the last line of the command, or its status."""
    failing(message)
    with pytest.raises(SynthlabError, match=rf"^the engine cannot hold the lock synthlab-call\.lock: {reason}$"):
        Engine().lock("call", "debian")


def test_a_port_that_is_taken(failing: Callable[[str], None]) -> None:
    """A host port in use has an error of its own, so that `up` can draw another port."""
    failing("Bind for 127.0.0.1:3000 failed: port is already allocated")
    with pytest.raises(PortTaken, match=r"^docker compose could not start the lab$"):
        Engine().compose_up("synthlab-call", "", unheard)
