"""Which engine does what for a container on a swarm, with a `docker` that only records its arguments."""

from __future__ import annotations

import shlex
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from synthlab.contract import ContainerAction
from synthlab.engine.node_reach import NodeReach
from synthlab.engine.swarm_engine import SwarmEngine, _in_registry
from synthlab.engine.swarm_tasks import SwarmNode
from synthlab.errors import SynthlabError
from synthlab.testing import fake_container

pytestmark = pytest.mark.issue(14)

HERE = replace(fake_container("call", "a"), id="c1", name="synthlab-call_a.1", node="desk", host="10.0.0.1")
THERE = replace(fake_container("call", "b"), id="c2", name="synthlab-call_b.1", node="attic", host="10.0.0.2")


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> SwarmEngine:
    """The engine of `desk`."""
    nodes = [
        SwarmNode(id=id, name=name, address="", ready=True, labels={}) for id, name in (("n1", "desk"), ("n2", "attic"))
    ]
    engine = SwarmEngine()
    monkeypatch.setattr(engine, "nodes", lambda: nodes)
    engine._reach = NodeReach(engine.command, lambda: nodes, lambda: "n1")
    monkeypatch.setattr(engine, "_wait_until_changed", lambda container, action: None)
    return engine


@pytest.fixture
def contexts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Path]:
    """Makes a `docker` that knows these contexts, of the node `n2`; returns the file with its other commands."""

    def make(*names: str, id: str = "n2") -> Path:
        log, program = tmp_path / "asked", tmp_path / "docker"
        known = "".join(f'[ "$3" = {shlex.quote(name)} ] && exit 0\n' for name in names)
        info = f'[ "$3" = info ] && echo {id} && exit 0\n'
        program.write_text(f'#!/bin/sh\nif [ "$2" = inspect ]; then\n{known}exit 1\nfi\n{info}echo "$*" >> {log}\n')
        program.chmod(0o755)
        monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
        return log

    return make


def test_on_the_own_node(engine: SwarmEngine, contexts: Callable[..., Path]) -> None:
    """The manager's own containers need no context."""
    contexts()
    assert engine.exec_command(HERE, ["ls"], user="root") == ["docker", "exec", "-i", "--user", "0", "c1", "ls"]


def test_through_a_context(engine: SwarmEngine, contexts: Callable[..., Path]) -> None:
    contexts("attic")
    command = engine.exec_command(THERE, ["ls"], user="root")
    assert command == ["docker", "--context", "attic", "exec", "-i", "--user", "0", "c2", "ls"]


def test_out_of_reach(engine: SwarmEngine, contexts: Callable[..., Path]) -> None:
    """The line says how to get there; nothing is run."""
    log = contexts("other")
    advice = "docker context create attic --docker host=ssh://10.0.0.2"
    for act in (
        lambda: engine.exec_command(THERE, ["ls"]),
        lambda: engine.start_program(THERE, "capture"),
        lambda: engine.control(THERE, "pause"),
        lambda: engine.control_command(THERE, "unpause"),
    ):
        with pytest.raises(SynthlabError) as error:
            act()
        assert error.value.message == (
            f"b: the engine of node attic is out of reach; create a context for it: {advice}"
        )
    with pytest.raises(SynthlabError, match=r"^b is on no machine \(pending\)$"):
        engine.exec_command(replace(THERE, node="-", status="pending"), ["ls"])
    assert not log.exists()


def test_a_context_of_another_engine(engine: SwarmEngine, contexts: Callable[..., Path]) -> None:
    """A context that happens to have the node's name is not used."""
    log = contexts("attic", id="n7")
    with pytest.raises(SynthlabError) as error:
        engine.exec_command(THERE, ["ls"])
    assert error.value.message == (
        "b: the engine of node attic is out of reach through the context attic: it leads to another engine"
    )
    assert not log.exists()


def test_ports_that_the_swarm_has_lost(engine: SwarmEngine, tmp_path: Path, contexts: Callable[..., Path]) -> None:
    """They are those that the node's engine shows, asked once; without it there are none."""
    lost = replace(THERE, ports={})
    contexts()
    assert engine._with_ports(lost).ports == {}
    contexts("attic")
    engine._reach = NodeReach(engine.command, engine.nodes, lambda: "n1")
    program = tmp_path / "docker"
    program.write_text(program.read_text().replace("#!/bin/sh\n", '#!/bin/sh\n[ "$3" = port ] && echo 0.0.0.0:32770\n'))
    assert engine._with_ports(lost).ports == {65400: 32770}
    contexts()
    assert engine._with_ports(lost).ports == {65400: 32770}
    assert engine._with_ports(replace(lost, state="dead")).ports == {}


@pytest.mark.parametrize(
    ("action", "commands"),
    [
        (
            "pause",
            [
                "--context attic pause c2",
                "service update --detach --label-add synthlab.paused=c2 synthlab-call_b",
            ],
        ),
        (
            "unpause",
            ["--context attic unpause c2", "service update --detach --label-rm synthlab.paused synthlab-call_b"],
        ),
        ("stop", ["service scale --detach synthlab-call_b=0"]),
        ("start", ["service scale --detach synthlab-call_b=1"]),
        ("restart", ["service update --detach --force synthlab-call_b"]),
    ],
)
def test_control(
    action: ContainerAction, commands: list[str], engine: SwarmEngine, contexts: Callable[..., Path]
) -> None:
    """A pause is the node's, everything else the manager's; the guard's command is the first of them."""
    log = contexts("attic")
    engine.control(THERE, action)
    assert log.read_text().splitlines() == commands
    assert " ".join(engine.control_command(THERE, action)) == f"docker {commands[0]}"


@pytest.mark.parametrize(
    ("image", "is_in"),
    [
        ("syntheticnet:latest", False),
        ("synthlab/bot:latest", False),
        ("10.0.0.1:5000/bot:1", True),
        ("a.example/b", True),
    ],
)
def test_registries(image: str, is_in: bool) -> None:
    assert _in_registry(image) == is_in


def _interrupt(thread: int, begun: Path) -> None:
    """Interrupt the thread once this file is there."""
    while not begun.exists():
        time.sleep(0.01)
    signal.pthread_kill(thread, signal.SIGINT)


def test_what_comes_late_after_an_interrupted_deployment(
    engine: SwarmEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A service that the manager creates after the command was stopped is waited for, so that it can be removed."""
    program, seen = tmp_path / "docker", [["a"], ["a", "b"], ["a", "b"]]
    begun = tmp_path / "begun"
    program.write_text(f"#!/bin/sh\ncat > /dev/null; touch {begun}; sleep 60\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    monkeypatch.setattr("synthlab.engine.swarm_engine.SETTLED_S", 0.01)
    monkeypatch.setattr(engine, "_managed", lambda kind, **filters: seen.pop(0))
    main = threading.main_thread().ident
    assert main
    # A shell that starts tests in the background makes them ignore it.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    threading.Thread(target=_interrupt, args=(main, begun)).start()
    try:
        with pytest.raises(KeyboardInterrupt):
            engine.stack_deploy("synthlab-call", "services: {}")
    finally:
        signal.signal(signal.SIGINT, before)
    assert seen == []
