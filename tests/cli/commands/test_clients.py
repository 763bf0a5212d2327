"""`logs`, `exec` and `open`, run in this process on a lab without Docker."""

from __future__ import annotations

import json
import signal
import socket
import webbrowser
from collections.abc import Sequence
from dataclasses import replace

import pytest

from synthlab.control.backend import Backend
from synthlab.engine import process
from synthlab.engine.swarm_engine import SwarmEngine as Engine
from synthlab.testing import FakeEngine, fake_backend, fake_container

from .command import run


def test_logs(capsys: pytest.CaptureFixture[str]) -> None:
    """Lines of several clients start with the writer; JSON has one object per line."""
    backend, _ = fake_backend("call")
    assert run("logs", "--tail", "1", backend=backend) == 0
    assert capsys.readouterr().out == "client1 | line 3 of client1\nclient2 | line 3 of client2\n"
    assert run("logs", "client2", "--json", backend=backend) == 0
    assert json.loads(capsys.readouterr().out.splitlines()[0]) == {
        "time": "2026-01-01T00:00:01Z",
        "writer": "client2",
        "text": "line 1 of client2",
    }


@pytest.mark.issue(10)
def test_logs_of_pages(capsys: pytest.CaptureFixture[str]) -> None:
    """`--console` shows the pages' console; a client without a browser is an error before any output."""
    backend, apis = fake_backend("call")
    engine = backend.engine
    assert isinstance(engine, FakeEngine)
    engine.present[0] = replace(engine.present[0], app="chrome")
    apis["call/client1"].written = [{"number": 1, "time_s": 1, "kind": "error", "text": "a\x1b[2Jb", "where": "x.js:1"}]
    assert run("logs", "--console", backend=backend) == 0
    assert capsys.readouterr().out == "error: a\x1b[2Jb (x.js:1)\n"
    assert run("logs", "client2", "--console", backend=backend) == 2
    assert capsys.readouterr().err == "synthlab: --console: client2 has no browser\n"
    engine.present[0] = replace(engine.present[0], app="bot")
    assert run("logs", "--console", backend=backend) == 2
    assert capsys.readouterr().err == "synthlab: --console: no client of lab 'call' has a browser\n"


def test_exec_runs_as_the_application() -> None:
    """In a client, the command runs through our entry point, which drops capabilities; a media server has none."""
    client = fake_container("call", "client1")
    entry = ["/opt/synthlab/bin/python", "-I", "-m", "syntheticnet.supervisor.application"]
    assert Engine().exec_command(client, ["ls"], terminal=False) == [
        "docker",
        "exec",
        "-i",
        "--user",
        "0",
        client.id,
        *entry,
        "ls",
    ]
    assert Engine().exec_command(replace(client, role="sfu"), ["ls"], terminal=True) == [
        "docker",
        "exec",
        "-it",
        client.id,
        "ls",
    ]


def test_exec_takes_all_behind_the_dashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything after `--` belongs to the command, also flags like ours; its status becomes ours."""
    ran: list[Sequence[str]] = []

    def run_attached(command: Sequence[str]) -> int:
        ran.append(command)
        return 7

    monkeypatch.setattr(process, "run_attached", run_attached)
    backend, _ = fake_backend("call")
    assert run("exec", "client1", "--lab", "call", "--", "app", "--debug", "--lab", "x", backend=backend) == 7
    assert list(ran[0][-4:]) == ["app", "--debug", "--lab", "x"]
    assert run("exec", "client1", "app", "--debug", "--lab", "x", backend=backend) == 7
    assert ran[1] == ran[0]


def test_open(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """`open` opens the browser, unless --print is given; without a browser the address is still printed."""
    opened: list[str] = []

    def opens(address: str) -> bool:
        opened.append(address)
        return len(opened) < 2

    monkeypatch.setattr(webbrowser, "open", opens)
    backend, _ = fake_backend("call")
    assert run("open", "client1", "--print", backend=backend) == 0
    assert opened == []
    assert run("open", "client2", "--json", backend=backend) == 0
    assert opened == ["http://127.0.0.1:3001/"]
    assert capsys.readouterr().out.startswith("http://127.0.0.1:3000/\n")
    assert run("open", "client1", backend=backend) == 3
    output = capsys.readouterr()
    assert (output.out, output.err[:32]) == ("http://127.0.0.1:3000/\n", "synthlab: no browser could be op")
    assert run("open", "client1", "--page", "--print", backend=backend) == 0
    assert capsys.readouterr().out == "http://sfu:8080/?name=client1\n"


def far_backend() -> Backend:
    """A lab on an engine whose published ports do not lead to it from here."""
    backend, apis = fake_backend("call")
    ports = {9222: 32801, 5901: 32802}
    containers = [replace(one, ports={**one.ports, **ports}) for one in backend.engine.containers()]
    return Backend(FakeEngine(containers), lambda container: apis[container.id], is_near=lambda container: False)


def test_the_control_page_of_a_far_engine(capsys: pytest.CaptureFixture[str]) -> None:
    """Its address on the engine's machine fails at once, with how to forward it."""
    assert run("open", "client1", backend=far_backend()) == 3
    output = capsys.readouterr().err
    assert output.startswith("synthlab: http://127.0.0.1:3000/ does not reach client1 from here: if `allow` ")
    assert "forward port 3000 and the API's port (3000) from there" in output


@pytest.mark.parametrize(
    ("arguments", "start"), [(("cdp", "client1"), "http://"), (("open", "client1", "--screen", "--print"), "vnc://")]
)
def test_what_is_carried_from_a_far_engine(
    arguments: Sequence[str], start: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A port of this machine leads to the debugger and to the screen, until Ctrl-C."""

    def interrupt() -> None:
        host, _, port = capsys.readouterr().out.strip().removeprefix(start).partition(":")
        with socket.create_connection((host, int(port)), 5) as connection:
            assert connection.recv(9) == b"client1 /"  # what a fake engine's command prints
        raise KeyboardInterrupt

    monkeypatch.setattr(signal, "pause", interrupt)
    assert run(*arguments, backend=far_backend()) == 130
