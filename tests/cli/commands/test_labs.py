"""`up`, `down`, `ps`, `ls` and `render`, run in this process without Docker."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
import typer

from synthlab.cli import console
from synthlab.control.backend import Backend
from synthlab.deploy import claim
from synthlab.deploy.compose_file import digest
from synthlab.lab import bring_up as bringing_up
from synthlab.stack import read_stack
from synthlab.testing import FakeEngine, fake_backend, fake_container

from .command import output_json, run


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
    """A client that is healthy though its page could not be loaded says so, with the page and the error."""
    backend, apis = fake_backend("a")
    apis["a/client2"].problem = "http://sfu/: net::ERR_CONNECTION_REFUSED"
    assert run("ps", backend=backend) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "client2: http://sfu/: net::ERR_CONNECTION_REFUSED"
    assert run("ps", "--json", backend=backend) == 0
    assert [entry["problem"] for entry in output_json(capsys)] == [None, "http://sfu/: net::ERR_CONNECTION_REFUSED"]


def test_down(capsys: pytest.CaptureFixture[str]) -> None:
    """`down` removes the lab that is meant, and no other."""
    backend, _ = fake_backend("a", "b")
    assert run("down", "--lab", "a", backend=backend) == 0
    assert capsys.readouterr().out == "a is down: 2 containers removed\n"
    assert backend.engine.labs() == ["b"]
    assert run("down", backend=backend) == 0
    assert backend.engine.labs() == []


@pytest.mark.issue(10)
@pytest.mark.parametrize("named", [("a",), ("--lab", "a"), ("a", "--lab", "a")])
def test_down_by_name(named: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    """The lab's name is the argument or --lab, as with every command; two names are refused."""
    backend, _ = fake_backend("a", "b")
    assert run("down", *named, backend=backend) == 0
    assert backend.engine.labs() == ["b"]
    assert run("down", "b", "--lab", "c", backend=backend) == 2
    assert "two labs are named, b and --lab c; name one" in capsys.readouterr().err


@pytest.mark.issue(10)
def test_down_goes_before_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """A lab that is named on the line goes before that of SYNTHLAB_LAB."""
    backend, _ = fake_backend("a", "b")
    monkeypatch.setenv("SYNTHLAB_LAB", "b")
    assert run("down", "a", backend=backend) == 0
    assert run("down", backend=backend) == 0
    assert backend.engine.labs() == []


@pytest.mark.issue(10)
def test_down_of_what_is_being_brought_up(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """`down` finds a lab that is being brought up and has no container yet, by its name or as the only one."""
    monkeypatch.setattr(claim, "QUIET_S", 0)
    backend, _ = fake_backend()
    assert isinstance(backend.engine, FakeEngine)
    for named in ((), ("call",), ("--all",)):
        backend.engine.locked.add("call")
        assert run("down", *named, backend=backend) == 0
        assert capsys.readouterr().out == "call is down: 0 containers removed\n"
        assert not backend.engine.locked


def test_down_all(capsys: pytest.CaptureFixture[str]) -> None:
    """`down --all` removes every lab; that there is none is no error."""
    backend, _ = fake_backend("a", "b")
    assert run("down", "--all", backend=backend) == 0
    assert capsys.readouterr().out == "a is down: 2 containers removed\nb is down: 2 containers removed\n"
    assert backend.engine.labs() == []
    assert run("down", "--all", backend=backend) == 0


def test_lab_by_variable(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """SYNTHLAB_LAB says which lab is meant, as --lab does."""
    monkeypatch.setenv("SYNTHLAB_LAB", "b")
    backend, _ = fake_backend("a", "b")
    assert run("down", "--json", backend=backend) == 0
    assert output_json(capsys) == {"lab": "b", "containers": 2}


def test_up_refuses_a_second_lab_of_the_name(capsys: pytest.CaptureFixture[str]) -> None:
    """A lab that is up is not touched by another `up` of its name."""
    backend, _ = fake_backend("call")
    assert run("up", "call.yaml", backend=backend) == 3
    output = capsys.readouterr().err
    assert output.startswith("synthlab: the lab 'call' is up already: take it down with `synthlab down call`")
    assert len(backend.engine.containers("call")) == 2


@pytest.mark.issue(10)
def test_up_of_an_edited_stack(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the file is not what the lab was made of, --replace is named, or asked for on a terminal; a no ends it."""
    file = tmp_path / "call.yaml"
    file.write_text("name: call\nclients:\n  client1: {image: syntheticnet}\n")
    backend, _ = fake_backend("call")
    assert isinstance(backend.engine, FakeEngine)
    made_of = digest(read_stack(str(file)))
    backend.engine.present = [replace(one, digest=made_of) for one in backend.engine.present]
    assert run("up", str(file), backend=backend) == 3
    assert capsys.readouterr().err.startswith("synthlab: the lab 'call' is up already: ")
    file.write_text("name: call\nclients:\n  client1: {image: syntheticnet, network: {egress: {loss: 1%}}}\n")
    assert run("up", str(file), backend=backend) == 3
    assert "call.yaml has changed since: replace it with `synthlab up --replace`" in capsys.readouterr().err

    replaced: list[bool] = []
    monkeypatch.setattr(bringing_up, "bring_up", lambda *given: replaced.append(given[-1]))
    monkeypatch.setattr(console, "is_asked", lambda: True)
    for answer in (True, False):
        monkeypatch.setattr(typer, "confirm", lambda question, err, answer=answer: answer)
        assert run("up", str(file), backend=backend) == 0
    assert replaced == [True, False]  # without --replace it is refused as above
    assert run("up", str(file), "--replace", backend=backend) == 0
    assert replaced[-1]


def test_render(capsys: pytest.CaptureFixture[str]) -> None:
    """`render` prints the file and nothing else, under the name that is asked for."""
    backend, _ = fake_backend()
    assert run("render", "call", "--lab", "mine", backend=backend) == 0
    assert 'name: "synthlab-mine"' in capsys.readouterr().out


def expired_backend() -> Backend:
    """A backend in which the time of the lab `old` is over, while `call` is up."""
    backend, apis = fake_backend("call", "old")
    containers = [replace(one, expires=1 if one.lab == "old" else None) for one in backend.engine.containers()]
    return Backend(FakeEngine(containers), lambda container: apis[container.id])


def test_ls(capsys: pytest.CaptureFixture[str]) -> None:
    """`ls` has a row for each lab, with its state."""
    assert run("ls", "--json", backend=expired_backend()) == 0
    answer = [(one["lab"], one["state"], one["clients"], one["left_s"]) for one in output_json(capsys)]
    assert answer == [("call", "up", 2, None), ("old", "expired", 2, 0.0)]
    assert run("ls", backend=expired_backend()) == 0
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == ["lab", "call", "old"]
    assert run("ls", backend=Backend(FakeEngine())) == 0
    assert capsys.readouterr().out == "no lab is up\n"


def test_a_lab_whose_time_is_over(capsys: pytest.CaptureFixture[str]) -> None:
    """It does not make unclear which lab is meant; named, it is told as that; `ps` shows it; `down` removes it."""
    backend = expired_backend()
    assert run("show", "--json", backend=backend) == 0
    assert list(output_json(capsys)) == ["client1", "client2"]
    assert run("show", "--lab", "old", backend=backend) == 3
    assert "the time of the lab 'old' is over: bring it up anew with `synthlab up`" in capsys.readouterr().err
    assert run("ps", "--json", "--lab", "old", backend=backend) == 0
    assert [one["expired"] for one in output_json(capsys)] == [True, True]
    assert run("down", backend=backend) == 0
    assert backend.engine.labs() == []


def test_down_of_what_is_over_only(capsys: pytest.CaptureFixture[str]) -> None:
    """Where nothing else is left, `down` needs no name; with a name it removes that lab alone."""
    backend = expired_backend()
    assert run("down", "--lab", "call", backend=backend) == 0
    assert backend.engine.labs() == ["old"]
    assert run("down", backend=backend) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "old is down: 2 containers removed"


def test_other_versions_are_reported(capsys: pytest.CaptureFixture[str]) -> None:
    """An image of another version is told in one line beside the answer, which stays clean."""
    backend, apis = fake_backend("call")
    apis["call/client2"].version = "0.0.9"
    for command in (("ps",), ("show",), ("stats",), ("top", "--count", "1")):
        assert run(*command, "--json", backend=backend) == 0
        output = capsys.readouterr()
        assert json.loads(output.out)
        assert output.err.startswith("versions differ: client2 runs 0.0.9, this is synthlab ")
        assert output.err.count("\n") == 1


@pytest.mark.issue(11)
def test_dry_run(capsys: pytest.CaptureFixture[str]) -> None:
    """It prints the plan, what is waited for last, and changes nothing; nor does it remove what is over."""
    over = replace(fake_container("old", "client1"), expires=1)
    engine = FakeEngine([over], images={})
    assert run("up", "call", "--lab", "mine", "--wait-media", "--dry-run", backend=Backend(engine)) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[:3] == [
        "remove old, whose time is over",
        "pull debian:bookworm-slim",
        "build synthlab/janus:1.1.2 because it is missing",
    ]
    assert lines[-2:] == [
        "wait up to 120 s until 5 containers are healthy",
        "wait up to 120 s until every client has seen every other's video",
    ]
    assert (engine.calls, engine.present) == ([], [over])
    assert run("up", "call", "--lab", "mine", "--wait-media", "--dry-run", "--json", backend=Backend(engine)) == 0
    assert output_json(capsys) == {"lab": "mine", "plan": lines}


@pytest.mark.issue(11)
def test_dry_run_of_what_would_fail(capsys: pytest.CaptureFixture[str]) -> None:
    """It fails as `up` would: where the lab is up, or is being brought up; one whose time is over would go first."""
    engine = FakeEngine([fake_container("call", "client1")])
    assert run("up", "call", "--dry-run", backend=Backend(engine)) == 3
    assert capsys.readouterr().err.startswith("synthlab: the lab 'call' is up already")
    engine.present = [replace(engine.present[0], expires=1)]
    assert run("up", "call", "--dry-run", backend=Backend(engine)) == 0
    assert "take down call\n" in capsys.readouterr().out
    engine.locked.add("call")
    assert run("up", "call", "--dry-run", backend=Backend(engine)) == 3
    assert capsys.readouterr().err.startswith("synthlab: the lab 'call' is being brought up")
