"""`ps` and `ls`, run in this process without Docker."""

from __future__ import annotations

import json

import pytest

from synthlab.control.backend import Backend
from synthlab.testing import FakeEngine, fake_backend

from .command import expired_backend, output_json, run


def test_ps(capsys: pytest.CaptureFixture[str]) -> None:
    """`ps` lists every lab with its addresses."""
    backend, _ = fake_backend("a", "b")
    assert run("ps", "--json", backend=backend) == 0
    listed = output_json(capsys)
    assert [(entry["lab"], entry["client"], entry["api"]) for entry in listed] == [
        ("a", "client1", "http://127.0.0.1:3000"),
        ("a", "client2", "http://127.0.0.1:3001"),
        ("b", "client1", "http://127.0.0.1:3000"),
        ("b", "client2", "http://127.0.0.1:3001"),
    ]
    assert {entry["forwarder_restarts"] for entry in listed} == {0}
    assert run("ps", backend=Backend(FakeEngine())) == 0
    assert capsys.readouterr().out == "no lab is up\n"


@pytest.mark.issue(10)
def test_ps_tells_what_is_wrong_with_a_page(capsys: pytest.CaptureFixture[str]) -> None:
    """A healthy client whose page could not be loaded shows the page and the error."""
    backend, apis = fake_backend("a")
    apis["a/client2"].problem = "http://sfu/: net::ERR_CONNECTION_REFUSED"
    assert run("ps", backend=backend) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "client2: http://sfu/: net::ERR_CONNECTION_REFUSED"
    assert run("ps", "--json", backend=backend) == 0
    assert [entry["problem"] for entry in output_json(capsys)] == [None, "http://sfu/: net::ERR_CONNECTION_REFUSED"]


@pytest.mark.issue(15)
@pytest.mark.parametrize("command", [("ps",), ("ps", "--json"), ("show",), ("set", "client1", "--loss", "1%")])
def test_a_rate_out_of_reach_is_reported(capsys: pytest.CaptureFixture[str], command: tuple[str, ...]) -> None:
    """As soon as it is set; where the output is JSON, apart from it."""
    backend, apis = fake_backend("a")
    assert run("set", "client1", "--egress", "--rate", "300mbit", backend=backend) == 0
    assert "out of reach" not in capsys.readouterr().out
    apis["a/client1"].reach_bps = 170_000_000
    assert run(*command, backend=backend) == 0
    caught = capsys.readouterr()
    line = "client1 egress: 300mbit is out of reach: this machine forwards about 170mbit of full-size packets"
    assert line in (caught.err if command[0] == "ps" else caught.out)
    if "--json" in command:
        json.loads(caught.out)


def test_ls(capsys: pytest.CaptureFixture[str]) -> None:
    """`ls` has a row for each lab, with its state."""
    assert run("ls", "--json", backend=expired_backend()) == 0
    answer = [(one["lab"], one["state"], one["clients"], one["left_s"]) for one in output_json(capsys)]
    assert answer == [("call", "up", 2, None), ("old", "expired", 2, 0.0)]
    assert run("ls", backend=expired_backend()) == 0
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == ["lab", "call", "old"]
    assert run("ls", backend=Backend(FakeEngine())) == 0
    assert capsys.readouterr().out == "no lab is up\n"


def test_ls_while_a_lab_is_brought_up(capsys: pytest.CaptureFixture[str]) -> None:
    """`ls` has what `down --all` would end, also while nothing but the lock is there."""
    engine = FakeEngine()
    engine.locked.add("call")
    assert run("ls", "--json", backend=Backend(engine)) == 0
    assert [(one["lab"], one["state"], one["age_s"]) for one in output_json(capsys)] == [("call", "starting", None)]


def test_other_versions_are_reported(capsys: pytest.CaptureFixture[str]) -> None:
    """An image of another version is one line on stderr; the output is unaffected."""
    backend, apis = fake_backend("call")
    apis["call/client2"].version = "0.0.9"
    for command in (("ps",), ("show",), ("stats",), ("top", "--count", "1")):
        assert run(*command, "--json", backend=backend) == 0
        output = capsys.readouterr()
        assert json.loads(output.out)
        assert output.err.startswith("versions differ: client2 runs 0.0.9, this is synthlab ")
        assert output.err.count("\n") == 1
