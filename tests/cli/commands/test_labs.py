"""`up`, `down` and `render`, run in this process without Docker."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from xml.etree.ElementTree import fromstring

import pytest
import typer

from synthlab.cli import console
from synthlab.control.backend import Backend
from synthlab.deploy import claim
from synthlab.deploy.compose_file import digest
from synthlab.lab import bring_up
from synthlab.stack import read_stack
from synthlab.testing import FakeEngine, fake_backend, fake_container

from .command import expired_backend, output_json, run


def test_down(capsys: pytest.CaptureFixture[str]) -> None:
    """`down` removes the named lab, and no other."""
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
    """A lab named on the line takes precedence over SYNTHLAB_LAB."""
    backend, _ = fake_backend("a", "b")
    monkeypatch.setenv("SYNTHLAB_LAB", "b")
    assert run("down", "a", backend=backend) == 0
    assert run("down", backend=backend) == 0
    assert backend.engine.labs() == []


@pytest.mark.issue(10)
def test_down_of_what_is_being_brought_up(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """`down` finds a lab that is starting and has no container yet, by name or as the only one."""
    monkeypatch.setattr(claim, "QUIET_S", 0)
    backend, _ = fake_backend()
    assert isinstance(backend.engine, FakeEngine)
    for named in ((), ("call",), ("--all",)):
        backend.engine.locked.add("call")
        assert run("down", *named, backend=backend) == 0
        assert capsys.readouterr().out == "call is down: 0 containers removed\n"
        assert not backend.engine.locked


def test_down_all(capsys: pytest.CaptureFixture[str]) -> None:
    """`down --all` removes every lab; none is not an error."""
    backend, _ = fake_backend("a", "b")
    assert run("down", "--all", backend=backend) == 0
    assert capsys.readouterr().out == "a is down: 2 containers removed\nb is down: 2 containers removed\n"
    assert backend.engine.labs() == []
    assert run("down", "--all", backend=backend) == 0


def test_lab_by_variable(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """SYNTHLAB_LAB selects the lab, like --lab."""
    monkeypatch.setenv("SYNTHLAB_LAB", "b")
    backend, _ = fake_backend("a", "b")
    assert run("down", "--json", backend=backend) == 0
    assert output_json(capsys) == {"lab": "b", "containers": 2}


def test_up_refuses_a_second_lab_of_the_name(capsys: pytest.CaptureFixture[str]) -> None:
    """A second `up` of the same name does not touch a lab that is up."""
    backend, _ = fake_backend("call")
    assert run("up", "call.yaml", backend=backend) == 3
    output = capsys.readouterr().err
    assert output.startswith("synthlab: the lab 'call' is up already: take it down with `synthlab down call`")
    assert len(backend.engine.containers("call")) == 2


@pytest.mark.issue(10)
def test_up_of_an_edited_stack(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """If the stack file has changed, the error names --replace, and a terminal asks; "no" ends the command."""
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
    assert "call.yaml has changed since: add --replace to replace it, or" in capsys.readouterr().err

    replaced: list[bool] = []
    monkeypatch.setattr(bring_up, "bring_up", lambda *given: replaced.append(given[-1]))
    monkeypatch.setattr(console, "is_asked", lambda: True)
    for answer in (True, False):
        monkeypatch.setattr(typer, "confirm", lambda question, err, answer=answer: answer)
        assert run("up", str(file), backend=backend) == 0
    assert replaced == [True, False]  # without --replace it is refused as above
    assert run("up", str(file), "--replace", backend=backend) == 0
    assert replaced[-1]


def test_up_of_an_unchanged_stack_with_turn(capsys: pytest.CaptureFixture[str]) -> None:
    """The random password of a TURN server does not count as an edit of the stack file."""
    backend, _ = fake_backend("turn")
    assert isinstance(backend.engine, FakeEngine)
    made_of = digest(read_stack("turn"))
    backend.engine.present = [replace(one, digest=made_of) for one in backend.engine.present]
    assert run("up", "turn", backend=backend) == 3
    assert capsys.readouterr().err.startswith("synthlab: the lab 'turn' is up already: ")


def test_render(capsys: pytest.CaptureFixture[str]) -> None:
    """`render` prints only the file, with the given name."""
    backend, _ = fake_backend()
    assert run("render", "call", "--lab", "mine", backend=backend) == 0
    assert 'name: "synthlab-mine"' in capsys.readouterr().out


@pytest.mark.issue(17)
def test_a_picture(capsys: pytest.CaptureFixture[str]) -> None:
    """`render --graph` prints an SVG."""
    backend, _ = fake_backend()
    assert run("render", "call", "--graph", backend=backend) == 0
    assert fromstring(capsys.readouterr().out).tag == "{http://www.w3.org/2000/svg}svg"


def test_a_lab_whose_time_is_over(capsys: pytest.CaptureFixture[str]) -> None:
    """An expired lab does not make the choice ambiguous; naming it is an error; `ps` lists it; `down` removes it."""
    backend = expired_backend()
    assert run("show", "--json", backend=backend) == 0
    assert list(output_json(capsys)) == ["client1", "client2"]
    assert run("show", "--lab", "old", backend=backend) == 3
    assert "the lab 'old' has expired: start it again with `synthlab up`" in capsys.readouterr().err
    assert run("ps", "--json", "--lab", "old", backend=backend) == 0
    assert [one["expired"] for one in output_json(capsys)] == [True, True]
    assert run("down", backend=backend) == 0
    assert backend.engine.labs() == []


def test_down_of_what_is_over_only(capsys: pytest.CaptureFixture[str]) -> None:
    """If only expired labs are left, `down` needs no name; with a name it removes only that lab."""
    backend = expired_backend()
    assert run("down", "--lab", "call", backend=backend) == 0
    assert backend.engine.labs() == ["old"]
    assert run("down", backend=backend) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "old is down: 2 containers removed"


@pytest.mark.issue(11)
def test_dry_run(capsys: pytest.CaptureFixture[str]) -> None:
    """It prints the plan, waiting last, and changes nothing; expired labs stay too."""
    over = replace(fake_container("old", "client1"), expires=1)
    engine = FakeEngine([over], images={})
    assert run("up", "call", "--lab", "mine", "--wait-media", "--dry-run", backend=Backend(engine)) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[:3] == [
        "remove old, which has expired",
        "pull debian:bookworm-slim",
        "build synthlab/janus:1.1.2 because it is missing",
    ]
    assert lines[-2:] == [
        "wait up to 120 s for 5 healthy containers",
        "wait up to 120 s until every client has seen every other's video",
    ]
    assert (engine.calls, engine.present) == ([], [over])
    assert run("up", "call", "--lab", "mine", "--wait-media", "--dry-run", "--json", backend=Backend(engine)) == 0
    assert output_json(capsys) == {"lab": "mine", "plan": lines}


@pytest.mark.issue(11)
def test_dry_run_of_what_would_fail(capsys: pytest.CaptureFixture[str]) -> None:
    """It fails like `up` if the lab is up or starting; an expired one would be replaced."""
    engine = FakeEngine([fake_container("call", "client1")])
    assert run("up", "call", "--dry-run", backend=Backend(engine)) == 3
    assert capsys.readouterr().err.startswith("synthlab: the lab 'call' is up already")
    engine.present = [replace(engine.present[0], expires=1)]
    assert run("up", "call", "--dry-run", backend=Backend(engine)) == 0
    assert "remove call\n" in capsys.readouterr().out
    engine.locked.add("call")
    assert run("up", "call", "--dry-run", backend=Backend(engine)) == 3
    assert capsys.readouterr().err.startswith("synthlab: the lab 'call' is being brought up")
