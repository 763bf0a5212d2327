"""`dashboard`, in a process of its own: what it prints, and how it ends."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import webbrowser
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from synthlab.cli.commands import dashboard
from synthlab.testing import fake_backend

from .command import run

PROGRAM = """
import sys
from synthlab.cli.main import main
from synthlab.testing import fake_backend
backend, apis = fake_backend("call")
status = main(sys.argv[1:], backend)
print([api.conditions.to_dict() for api in apis.values()], backend.engine.labs(), flush=True)
raise SystemExit(status)
"""
SCENARIO = "stack: call.yaml\nsteps:\n  - set: client2\n    egress: {loss: 5%}\n  - wait: 60s\n"
STACK = "clients: {client1: {app: bot, url: http://x}, client2: {app: bot, url: http://x}}\n"


@contextmanager
def served(folder: Path, *options: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The command, and the first line that it prints."""
    command = [sys.executable, "-c", PROGRAM, "dashboard", "--no-browser", *options]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=folder, stdin=pipe, stdout=pipe, stderr=pipe, text=True) as process:
        try:
            assert process.stdout
            yield process, process.stdout.readline().strip()
        finally:
            process.kill()


def test_the_address(tmp_path: Path) -> None:
    """The first line is the address with its token, which a browser opens."""
    with served(tmp_path) as (process, line):
        assert httpx.get(line).status_code == 303
        process.send_signal(signal.SIGINT)
        output, errors = process.communicate(timeout=10)
    assert (process.returncode, errors) == (130, "")
    assert output == "[{}, {}] ['call']\n"


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM, None])
def test_the_end(end: signal.Signals | None, tmp_path: Path) -> None:
    """Ctrl-C, SIGTERM or the end of its input stop a scenario, which reverts, and remove what was brought up."""
    (tmp_path / "call.yaml").write_text(STACK)
    (tmp_path / "s.yaml").write_text(SCENARIO)
    with served(tmp_path, "--json", "--stdin") as (process, line):
        access = json.loads(line)
        headers = {"authorization": f"Bearer {access['token']}"}
        with httpx.Client(base_url=access["url"], headers=headers) as http:
            assert http.post("/v1/labs", json={"stack": "call.yaml", "name": "mine"}).status_code == 202
            assert http.post("/v1/runs", json={"scenario": "s.yaml", "lab": "call"}).status_code == 202
            while not http.get("/v1/labs/call/clients/client2").json()["conditions"].get("egress"):
                pass
        kept, process.stdin = process.stdin, None  # `communicate` would close it
        assert kept
        with kept:
            if end is None:
                kept.close()
            else:
                process.send_signal(end)
            output, errors = process.communicate(timeout=10)
    expected = {signal.SIGINT: 130, signal.SIGTERM: 143, None: 0}
    assert (process.returncode, errors) == (expected[end], "")
    assert output == "[{}, {}] ['call']\n"


def test_a_taken_port(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It is named; a number that is no port is wrong use."""
    with served(tmp_path, "--json") as (_, line):
        port = json.loads(line)["url"].rpartition(":")[2]
        assert run("dashboard", "--no-browser", "--port", port, backend=fake_backend()[0]) == 3
    assert capsys.readouterr().err == f"synthlab: --port: 127.0.0.1:{port} cannot be used: Address already in use\n"
    assert run("dashboard", "--port", "70000", backend=fake_backend()[0]) == 2


def test_browser(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """It opens in this machine's browser; where there is none, a note says so."""
    opened: list[str] = []
    monkeypatch.setattr(webbrowser, "open", opened.append)
    dashboard.open_page("http://127.0.0.1:1/?token=x")
    assert opened == ["http://127.0.0.1:1/?token=x"]
    assert capsys.readouterr().err == "no browser could be opened on this machine: use the address above\n"
