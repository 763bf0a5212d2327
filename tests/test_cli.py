"""The commands, run in this process on a lab without Docker."""

from __future__ import annotations

import json
from typing import Any

import pytest

from synthlab.cli import main
from synthlab.errors import SynthlabError
from synthlab.fakes import FakeEngine, fake_world
from synthlab.world import World


def run(*arguments: str, world: World) -> int:
    return main(arguments, world)


def output_json(capsys: pytest.CaptureFixture[str]) -> Any:
    return json.loads(capsys.readouterr().out)


def test_set(capsys: pytest.CaptureFixture[str]) -> None:
    """`set` changes what it names and shows what is now in force, beside what is achieved."""
    world, apis = fake_world("call")
    assert run("set", "client2", "--egress", "--loss", "5%", "--latency", "80ms", world=world) == 0
    assert apis["call/client2"].conditions.to_dict() == {"egress": {"loss": "5%", "latency": "80ms"}}
    assert apis["call/client1"].conditions.perfect
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["client", "link", "configured", "achieved", "(last", "second)"]
    assert lines[2].split() == ["client2", "egress", "loss", "5%,", "latency", "80ms", "no", "traffic"]


def test_set_of_a_profile_and_a_flow(capsys: pytest.CaptureFixture[str]) -> None:
    """A profile, changed by flags, can be put on the packets of a flow alone."""
    world, _ = fake_world("call")
    wanted = ("--flow", "*:udp", "--egress", "--profile", "wpt/lte", "--latency", "none")
    assert run("set", "client1", "client2", *wanted, "--seed", "7", "--json", world=world) == 0
    expected = {"flows": {"*:udp": {"egress": {"rate": "12mbit"}}}, "seed": 7}
    assert {name: answer["conditions"] for name, answer in output_json(capsys).items()} == {
        "client1": expected,
        "client2": expected,
    }


def test_switches(capsys: pytest.CaptureFixture[str]) -> None:
    """What is true or false in a file is a flag with and without `no-`."""
    world, apis = fake_world("call")
    run("set", "client1", "--ingress", "--jitter", "20ms", "--reordering", world=world)
    assert apis["call/client1"].conditions.ingress.reordering is True
    run("set", "client1", "--ingress", "--no-reordering", world=world)
    assert apis["call/client1"].conditions.ingress.reordering is False
    assert "reordering false" in capsys.readouterr().out


def test_show_and_reset(capsys: pytest.CaptureFixture[str]) -> None:
    """Without names all clients are meant."""
    world, apis = fake_world("call")
    run("set", "client1", "client2", "--loss", "5%", world=world)
    capsys.readouterr()
    assert run("show", "--json", world=world) == 0
    assert list(output_json(capsys)) == ["client1", "client2"]
    assert run("reset", world=world) == 0
    assert all(api.conditions.perfect for api in apis.values())


def test_ps(capsys: pytest.CaptureFixture[str]) -> None:
    """`ps` lists every lab with its addresses."""
    world, _ = fake_world("a", "b")
    assert run("ps", "--json", world=world) == 0
    listed = output_json(capsys)
    assert [(entry["lab"], entry["client"], entry["api"]) for entry in listed] == [
        ("a", "client1", "http://127.0.0.1:3000"),
        ("a", "client2", "http://127.0.0.1:3001"),
        ("b", "client1", "http://127.0.0.1:3000"),
        ("b", "client2", "http://127.0.0.1:3001"),
    ]
    assert {entry["forwarder_restarts"] for entry in listed} == {0}
    assert run("ps", world=World(FakeEngine())) == 0
    assert capsys.readouterr().out == "no lab is up\n"


def test_down(capsys: pytest.CaptureFixture[str]) -> None:
    """`down` removes the lab that is meant, and no other."""
    world, _ = fake_world("a", "b")
    assert run("down", "--lab", "a", world=world) == 0
    assert capsys.readouterr().out == "a is down: 2 containers removed\n"
    assert world.engine.labs() == ["b"]
    assert run("down", world=world) == 0
    assert world.engine.labs() == []


def test_down_all(capsys: pytest.CaptureFixture[str]) -> None:
    """`down --all` removes every lab; that there is none is no error."""
    world, _ = fake_world("a", "b")
    assert run("down", "--all", world=world) == 0
    assert capsys.readouterr().out == "a is down: 2 containers removed\nb is down: 2 containers removed\n"
    assert world.engine.labs() == []
    assert run("down", "--all", world=world) == 0


def test_lab_by_variable(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """SYNTHLAB_LAB says which lab is meant, as --lab does."""
    monkeypatch.setenv("SYNTHLAB_LAB", "b")
    world, _ = fake_world("a", "b")
    assert run("down", "--json", world=world) == 0
    assert output_json(capsys) == {"lab": "b", "containers": 2}


def test_stats(capsys: pytest.CaptureFixture[str]) -> None:
    """`stats` shows counters of every link and flow, and the numbers of every participant."""
    world, apis = fake_world("call")
    apis["call/client1"].answered_numbers = {
        "values": {"video": {"client2": {"fps": 15.0, "lost": 0}}},
        "age_s": {"video": 0.2},
    }
    assert run("stats", "client1", world=world) == 0
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert ["client1", "egress", "0", "0", "0", "-", "0", "0", "0"] in lines
    assert lines[-1] == ["client1", "video", "client2", "fps", "15,", "lost", "0"]
    assert run("stats", "--json", world=world) == 0
    assert output_json(capsys)["client1"]["webrtc"]["video"] == {"client2": {"fps": 15.0, "lost": 0}}


def test_up_refuses_a_second_lab_of_the_name(capsys: pytest.CaptureFixture[str]) -> None:
    """A lab that is up is not touched by another `up` of its name."""
    world, _ = fake_world("call")
    assert run("up", "call.yaml", world=world) == 3
    told = capsys.readouterr().err
    assert told.startswith("synthlab: the lab 'call' is up already: take it down with `synthlab down --lab call`")
    assert len(world.engine.containers("call")) == 2


def test_render(capsys: pytest.CaptureFixture[str]) -> None:
    """`render` prints the file and nothing else, under the name that is asked for."""
    world, _ = fake_world()
    assert run("render", "call", "--name", "mine", world=world) == 0
    assert 'name: "synthlab-mine"' in capsys.readouterr().out


def test_version_and_help(capsys: pytest.CaptureFixture[str]) -> None:
    """Help and version go to the output; no command at all is wrong use, answered with the help."""
    world, _ = fake_world()
    assert run("--version", world=world) == 0
    assert run("set", "--help", world=world) == 0
    assert "--jitter-share" in capsys.readouterr().out
    assert run(world=world) == 2
    assert "Usage: synthlab" in capsys.readouterr().out


MISTAKES = {
    "unknown command": (("upp",), 2, "No such command 'upp'."),
    "unknown flag": (("set", "client1", "--los", "5%"), 2, "No such option: --los"),
    "flag without value": (("set", "client1", "--loss"), 2, "Option '--loss' requires an argument."),
    "share above 100 %": (("set", "client1", "--loss", "120%"), 2, "--loss: '120%' is not between 0% and 100%\n"),
    "bare number": (("set", "client1", "--latency", "80"), 2, "--latency: '80' is not a time such as 80ms, 1.5s or "),
    "bad rate": (("set", "client1", "--rate", "fast"), 2, "--rate: 'fast' is not a rate such as 500kbit, 1.5mbit"),
    "bad law": (("set", "client1", "--distribution", "x"), 2, "--distribution: 'x' is not one of uniform, one-sided"),
    "nothing to set": (("set", "client1"), 2, "nothing to set: give a value such as --loss 5%, or a --profile"),
    "no client": (("set", "--loss", "5%"), 2, "Missing argument 'CLIENT'. (see `synthlab set --help`)"),
    "unknown client": (("set", "cleint2", "--loss", "5%"), 2, "no client 'cleint2' in lab 'call'; did you mean cli"),
    "unknown profile": (("set", "client1", "--profile", "wpt/4gg"), 2, "no such profile 'wpt/4gg'; did you mean wp"),
    "bad flow": (("set", "client1", "--flow", "*:upd", "--loss", "5%"), 2, "client1: flows.*:upd: 'upd' is not a pr"),
    "queue without rate": (("set", "client1", "--queue", "10p"), 2, "client1: ingress.queue: has no effect without"),
    "bad seed": (("set", "client1", "--seed", "x"), 2, "Invalid value for '--seed': "),
    "negative seed": (("set", "client1", "--seed", "-1"), 2, "client1: seed: -1 is not a whole number from 0 to "),
    "unknown lab": (("show", "--lab", "cal"), 2, "no lab 'cal' is up; did you mean call?"),
    "unknown lab to list": (("ps", "--lab", "cal"), 2, "no lab 'cal' is up; did you mean call?"),
    "timeout of zero": (("up", "call", "--timeout", "0"), 2, "Invalid value for '--timeout': "),
    "watch and json": (("stats", "--watch", "--json"), 2, "--watch and --json do not go together"),
    "superfluous argument": (("down", "call"), 2, "Got unexpected extra argument"),
    "images without command": (("images",), 2, "Missing command."),
}


@pytest.mark.parametrize(("arguments", "status", "told"), MISTAKES.values(), ids=MISTAKES.keys())
def test_mistakes(arguments: tuple[str, ...], status: int, told: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Every mistake is one line on the error output with the status of wrong use, and changes nothing."""
    world, apis = fake_world("call")
    assert main(arguments, world) == status
    output = capsys.readouterr()
    assert output.out == ""
    assert output.err.startswith(f"synthlab: {told}")
    assert output.err.count("\n") == 1
    assert all(api.conditions.perfect for api in apis.values())


def test_debug_shows_the_traceback() -> None:
    """With --debug, wherever it stands, an error is raised as it is."""
    world, _ = fake_world("call")
    with pytest.raises(SynthlabError, match="no client 'x'"):
        run("show", "x", "--debug", world=world)


def test_interrupt(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Ctrl-C ends quietly with 130."""
    world, _ = fake_world("call")

    def interrupted() -> list[str]:
        raise KeyboardInterrupt

    monkeypatch.setattr(world.engine, "labs", interrupted)
    assert run("down", world=world) == 130
    assert capsys.readouterr() == ("", "")
