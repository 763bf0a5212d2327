"""The commands, run in this process on a lab without Docker."""

from __future__ import annotations

import json
import webbrowser
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from synthlab import process
from synthlab.cli import main
from synthlab.commands.clients import exec_command
from synthlab.errors import SynthlabError
from synthlab.fakes import FakeEngine, fake_container, fake_world
from synthlab.remote import Terms
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


def test_a_lease(capsys: pytest.CaptureFixture[str]) -> None:
    """`--for` makes a change that reverts by itself, says when, and `show` lists it; `reset` ends it."""
    world, apis = fake_world("call")
    assert run("set", "client2", "--egress", "--loss", "5%", "--for", "10s", world=world) == 0
    assert apis["call/client2"].terms == [Terms(lease="10s")]
    assert capsys.readouterr().out.splitlines()[-1].endswith(", in 10.0 s")
    assert run("show", "client2", world=world) == 0
    assert capsys.readouterr().out.splitlines()[-1].split() == [
        *("client2", "lease", "1", "egress", "loss", "5%", "reverts", "in", "10.0", "s")
    ]
    run("reset", "client2", world=world)
    assert apis["call/client2"].conditions.perfect


def test_a_change_after_a_while(capsys: pytest.CaptureFixture[str]) -> None:
    """`--in` makes a change that waits; the answer has it as JSON, too."""
    world, _ = fake_world("call")
    assert run("set", "client2", "--egress", "--loss", "5%", "--in", "5s", "--json", world=world) == 0
    answer = output_json(capsys)["client2"]
    assert answer["scheduled"] == [answer["entry"]]
    run("show", "client2", world=world)
    assert "scheduled 1  egress loss 5%  in 5.0 s" in capsys.readouterr().out


def test_several_at_the_same_moment(capsys: pytest.CaptureFixture[str]) -> None:
    """That they changed together is said where there are several."""
    world, _ = fake_world("call")
    run("set", "client1", "client2", "--loss", "5%", world=world)
    assert capsys.readouterr().out.splitlines()[-1] == "client1, client2: in force at the same time"
    run("set", "client1", "--loss", "5%", world=world)
    assert "in force" not in capsys.readouterr().out


def test_a_local_trace(tmp_path: Path) -> None:
    """A value that is a path to a file is uploaded under its name, and then set."""
    world, apis = fake_world("call")
    (tmp_path / "train.mahi").write_text("5\n10\n")
    assert run("set", "client1", "client2", "--rate-trace", str(tmp_path / "train.mahi"), world=world) == 0
    for api in apis.values():
        assert api.files == {"train.mahi": "5\n10\n"}
        assert api.conditions.egress.rate_trace == "train.mahi"


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
    assert ["client1", "egress", "0", "0", "0", "-", "0", "0", "0", "0"] in lines
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
    "bad lease": (("set", "client1", "--loss", "5%", "--for", "10"), 2, "--for: '10' is not a time such as 500ms"),
    "bad time": (("set", "client1", "--loss", "5%", "--in", "soon"), 2, "--in: 'soon' is not a time such as 500ms"),
    "no such file": (("set", "client1", "--rate-trace", "./train"), 2, "--rate-trace: train: No such file or direct"),
    "not uploaded": (("set", "client1", "--rate-trace", "train"), 2, "client1: ingress.rate_trace: train: no such fi"),
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
    "ttl without unit": (("up", "call", "--ttl", "2"), 2, "--ttl: '2' is not a time such as 500ms, 10s, 5min or 1h"),
    "bad since": (("logs", "--since", "yesterday"), 2, "--since: 'yesterday' is not a time such as"),
    "logs of nobody": (("logs", "cleint1"), 2, "no client 'cleint1' in lab 'call'; did you mean client1?"),
    "nothing to run": (("exec", "client1"), 2, "Missing argument '-- COMMAND...'"),
    "two to open": (("open", "client1", "--vnc", "--page"), 2, "--vnc and --page do not go together"),
    "no screen": (("open", "client1", "--vnc"), 3, "client1 has no screen: it is headless"),
    "no such image": (("images", "build", "chrom"), 2, "no image 'chrom' of synthlab's own; did you mean chrome?"),
    "near command": (("restrt", "client1"), 2, "No such command 'restrt'. Did you mean 'restart'"),
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


def expired_world() -> World:
    """A world in which the time of the lab `old` is over, while `call` is up."""
    world, apis = fake_world("call", "old")
    containers = [replace(one, expires=1 if one.lab == "old" else None) for one in world.engine.containers()]
    return World(FakeEngine(containers), lambda container: apis[container.id])


def test_ls(capsys: pytest.CaptureFixture[str]) -> None:
    """`ls` has a row for each lab, with its state."""
    assert run("ls", "--json", world=expired_world()) == 0
    told = [(one["lab"], one["state"], one["clients"], one["left_s"]) for one in output_json(capsys)]
    assert told == [("call", "up", 2, None), ("old", "expired", 2, 0.0)]
    assert run("ls", world=expired_world()) == 0
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == ["lab", "call", "old"]
    assert run("ls", world=World(FakeEngine())) == 0
    assert capsys.readouterr().out == "no lab is up\n"


def test_a_lab_whose_time_is_over(capsys: pytest.CaptureFixture[str]) -> None:
    """It does not make unclear which lab is meant; named, it is told as that; `ps` shows it; `down` removes it."""
    world = expired_world()
    assert run("show", "--json", world=world) == 0
    assert list(output_json(capsys)) == ["client1", "client2"]
    assert run("show", "--lab", "old", world=world) == 3
    assert "the time of the lab 'old' is over: bring it up anew with `synthlab up`" in capsys.readouterr().err
    assert run("ps", "--json", "--lab", "old", world=world) == 0
    assert [one["expired"] for one in output_json(capsys)] == [True, True]
    assert run("down", world=world) == 0
    assert world.engine.labs() == []


def test_down_of_what_is_over_only(capsys: pytest.CaptureFixture[str]) -> None:
    """Where nothing else is left, `down` needs no name; with a name it removes that lab alone."""
    world = expired_world()
    assert run("down", "--lab", "call", world=world) == 0
    assert world.engine.labs() == ["old"]
    assert run("down", world=world) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "old is down: 2 containers removed"


def test_logs(capsys: pytest.CaptureFixture[str]) -> None:
    """Lines of several clients have their writer before them; JSON is one object a line."""
    world, _ = fake_world("call")
    assert run("logs", "--tail", "1", world=world) == 0
    assert capsys.readouterr().out == "client1 | line 3 of client1\nclient2 | line 3 of client2\n"
    assert run("logs", "client2", "--json", world=world) == 0
    assert json.loads(capsys.readouterr().out.splitlines()[0]) == {
        "time": "2026-01-01T00:00:01Z",
        "writer": "client2",
        "text": "line 1 of client2",
    }


def test_exec_runs_as_the_application() -> None:
    """A client's command goes through our entry, which drops what docker gives it; a media server has none of ours."""
    client = fake_container("call", "client1")
    entry = ["/opt/synthlab/bin/python", "-I", "-m", "syntheticnet.application"]
    assert exec_command(client, ["ls"], terminal=False) == ["docker", "exec", "-i", client.id, *entry, "ls"]
    assert exec_command(replace(client, role="sfu"), ["ls"], terminal=True) == [
        "docker",
        "exec",
        "-it",
        client.id,
        "ls",
    ]


def test_exec_takes_all_behind_the_dashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """What stands behind `--` is the command's, also what looks like a flag of ours; its status is ours."""
    ran: list[Sequence[str]] = []

    def run_attached(command: Sequence[str]) -> int:
        ran.append(command)
        return 7

    monkeypatch.setattr(process, "run_attached", run_attached)
    world, _ = fake_world("call")
    assert run("exec", "client1", "--lab", "call", "--", "app", "--debug", "--lab", "x", world=world) == 7
    assert list(ran[0][-4:]) == ["app", "--debug", "--lab", "x"]


def test_restart(capsys: pytest.CaptureFixture[str]) -> None:
    """`restart` restarts those that are named, and shows them when they are healthy."""
    world, _ = fake_world("call", groups={"bot-1": "bot", "bot-2": "bot"})
    assert run("restart", "bot", "--json", world=world) == 0
    assert [one["client"] for one in output_json(capsys)] == ["bot-1", "bot-2"]
    assert isinstance(world.engine, FakeEngine)
    assert sorted(world.engine.restarted) == ["bot-1", "bot-2"]


def test_open(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """`open` opens the browser, unless it is only to print; where there is none, the address is still told."""
    opened: list[str] = []

    def opens(address: str) -> bool:
        opened.append(address)
        return len(opened) < 2

    monkeypatch.setattr(webbrowser, "open", opens)
    world, _ = fake_world("call")
    assert run("open", "client1", "--print", world=world) == 0
    assert opened == []
    assert run("open", "client2", "--json", world=world) == 0
    assert opened == ["http://127.0.0.1:3001/"]
    assert capsys.readouterr().out.startswith("http://127.0.0.1:3000/\n")
    assert run("open", "client1", world=world) == 3
    output = capsys.readouterr()
    assert (output.out, output.err[:32]) == ("http://127.0.0.1:3000/\n", "synthlab: no browser could be op")
    assert run("open", "client1", "--page", "--print", world=world) == 0
    assert capsys.readouterr().out == "http://sfu:8080/?name=client1\n"


def test_top(capsys: pytest.CaptureFixture[str]) -> None:
    """`top` prints a table, or a line of JSON, for each sample."""
    world, _ = fake_world("call")
    assert run("top", "--count", "2", "--interval", "0.1", world=world) == 0
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert [line[0] for line in lines] == ["client", "client1", "egress", "client2", "egress"] * 2
    assert run("top", "client2", "--count", "2", "--interval", "0.1", "--json", world=world) == 0
    samples = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [list(one["clients"]) for one in samples] == [["client2"]] * 2


def test_other_versions_are_told(capsys: pytest.CaptureFixture[str]) -> None:
    """An image of another version is told in one line beside the answer, which stays clean."""
    world, apis = fake_world("call")
    apis["call/client2"].version = "0.0.9"
    for command in (("ps",), ("show",), ("stats",), ("top", "--count", "1")):
        assert run(*command, "--json", world=world) == 0
        output = capsys.readouterr()
        assert json.loads(output.out)
        assert output.err.startswith("versions differ: client2 runs 0.0.9, this is synthlab ")
        assert output.err.count("\n") == 1


def test_addresses_of_a_far_engine(capsys: pytest.CaptureFixture[str]) -> None:
    """What opens only on the engine's machine is told as that, at once, with what leads there."""
    world, apis = fake_world("call")
    containers = [replace(one, ports={**one.ports, 9222: 32801}) for one in world.engine.containers()]
    far = World(FakeEngine(containers), lambda container: apis[container.id], is_near=lambda container: False)
    for command, address in (("open", "http://127.0.0.1:3000/"), ("cdp", "http://127.0.0.1:32801")):
        assert run(command, "client1", world=far) == 3
        told = capsys.readouterr().err
        assert told.startswith(f"synthlab: {address} is on the engine's machine (unix:///var/run/docker.sock)")
    assert "`ssh -N -L 32801:127.0.0.1:32801 MACHINE`, and that of the API (3000), too" in told


def test_images_ls(capsys: pytest.CaptureFixture[str]) -> None:
    """Images are listed with version, size and state."""
    assert run("images", "ls", "--json", world=World(FakeEngine())) == 0
    assert {(one["state"], one["version"]) for one in output_json(capsys)} == {("stale", "")}
    assert run("images", "rm", world=World(FakeEngine())) == 0
    assert capsys.readouterr().out == "syntheticnet:latest removed\n"
