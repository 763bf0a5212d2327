"""`set`, `show` and `reset`, run in this process on a lab without Docker."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from synthlab.control.backend import Backend
from synthlab.control.client_api import ChangeOptions
from synthlab.testing import FakeClientApi, FakeEngine, fake_backend, fake_container
from synthlab.text.durations import SECOND_NS

from .command import output_json, run


def test_set(capsys: pytest.CaptureFixture[str]) -> None:
    """`set` changes the named values and shows the conditions in force."""
    backend, apis = fake_backend("call")
    assert run("set", "client2", "--egress", "--loss", "5%", "--latency", "80ms", backend=backend) == 0
    assert apis["call/client2"].conditions.to_dict() == {"egress": {"loss": "5%", "latency": "80ms"}}
    assert apis["call/client1"].conditions.perfect
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["client", "link", "configured"]
    assert lines[2].split() == ["client2", "egress", "loss", "5%,", "latency", "80ms"]


@pytest.mark.issue(10)
def test_what_was_achieved_before_is_not_shown(capsys: pytest.CaptureFixture[str]) -> None:
    """`set` and `reset` leave out what belongs to the conditions before, as JSON too; `show` has it, and the drops.

    A time that has the same digits by chance is not taken for it.
    """

    class Busy(FakeClientApi):
        def answer(self) -> dict[str, Any]:
            result = super().answer() | {"monotonic_ns": 6_794_358_072_486}
            for links in (result["links"], *result["flows"].values()):
                links["egress"] |= {"achieved": {"packets": 9, "rate_bps": 248_000}, "dropped": {"stalled": 98}}
            return result

    busy = Busy("client2")
    backend = Backend(FakeEngine([fake_container("call", "client2")]), lambda container: busy)
    for command in (["set", "client2", "--loss", "5%"], ["reset"]):
        assert run(*command, backend=backend) == 0
        shown = capsys.readouterr().out
        assert "248kbit/s" not in shown
        assert "achieved" not in shown
        assert run(*command, "--json", backend=backend) == 0
        link = output_json(capsys)["client2"]["links"]["egress"]
        assert "achieved" not in link
        assert link["dropped"] == {"stalled": 98}
    assert run("show", backend=backend) == 0
    shown = capsys.readouterr().out
    assert "248kbit/s" in shown
    assert shown.endswith(
        "\nclient2 egress: discarded by the lab itself so far: 98 packets (stalled: this machine was too slow)\n"
    )
    assert run("show", "--json", backend=backend) == 0
    assert output_json(capsys)["client2"]["links"]["egress"]["achieved"]["rate_bps"] == 248_000


def test_set_of_a_profile_and_a_flow(capsys: pytest.CaptureFixture[str]) -> None:
    """A profile, with flags on top, can be applied to one flow."""
    backend, _ = fake_backend("call")
    wanted = ("--flow", "*:udp", "--egress", "--profile", "wpt/lte", "--latency", "none")
    assert run("set", "client1", "client2", *wanted, "--seed", "7", "--json", backend=backend) == 0
    expected = {"flows": {"*:udp": {"egress": {"rate": "12mbit"}}}, "seed": 7}
    assert {name: answer["conditions"] for name, answer in output_json(capsys).items()} == {
        "client1": expected,
        "client2": expected,
    }


def test_switches(capsys: pytest.CaptureFixture[str]) -> None:
    """A switch is a flag with and without `no-`."""
    backend, apis = fake_backend("call")
    run("set", "client1", "--ingress", "--jitter", "20ms", "--reordering", backend=backend)
    assert apis["call/client1"].conditions.ingress.reordering is True
    run("set", "client1", "--ingress", "--no-reordering", backend=backend)
    assert apis["call/client1"].conditions.ingress.reordering is False
    assert "reordering false" in capsys.readouterr().out


def test_a_lease(capsys: pytest.CaptureFixture[str]) -> None:
    """`--for` reverts the change automatically and prints when; `show` lists it, `reset` ends it."""
    backend, apis = fake_backend("call")
    assert run("set", "client2", "--egress", "--loss", "5%", "--for", "10s", backend=backend) == 0
    assert apis["call/client2"].options == [ChangeOptions(lease_ns=10 * SECOND_NS)]
    assert capsys.readouterr().out.splitlines()[-1].endswith(", in 10.0 s")
    assert run("show", "client2", backend=backend) == 0
    assert capsys.readouterr().out.splitlines()[-1].split() == [
        *("client2", "lease", "1", "egress", "loss", "5%", "reverts", "in", "10.0", "s")
    ]
    run("reset", "client2", backend=backend)
    assert apis["call/client2"].conditions.perfect


def test_a_change_after_a_while(capsys: pytest.CaptureFixture[str]) -> None:
    """`--in` schedules the change, also shown in JSON."""
    backend, _ = fake_backend("call")
    assert run("set", "client2", "--egress", "--loss", "5%", "--in", "5s", "--json", backend=backend) == 0
    answer = output_json(capsys)["client2"]
    assert answer["scheduled"] == [answer["entry"]]
    run("show", "client2", backend=backend)
    assert "scheduled 1  egress loss 5%  in 5.0 s" in capsys.readouterr().out


def test_several_at_the_same_moment(capsys: pytest.CaptureFixture[str]) -> None:
    """For several clients, it prints how far apart they changed."""
    backend, _ = fake_backend("call")
    run("set", "client1", "client2", "--loss", "5%", backend=backend)
    assert capsys.readouterr().out.splitlines()[-1] == "client1, client2: in force at the same time"
    run("set", "client1", "--loss", "5%", backend=backend)
    assert "in force" not in capsys.readouterr().out


def test_a_local_trace(tmp_path: Path) -> None:
    """A value that is a path to a file is uploaded under its name, and then set."""
    backend, apis = fake_backend("call")
    (tmp_path / "train.mahi").write_text("5\n10\n")
    assert run("set", "client1", "client2", "--rate-trace", str(tmp_path / "train.mahi"), backend=backend) == 0
    for api in apis.values():
        assert api.files == {"train.mahi": "5\n10\n"}
        assert api.conditions.egress.rate_trace == "train.mahi"


STATES = """\
good: {mean: 20s}
train:
  mean: 5s
  egress: {rate_trace: train.mahi}
"""


@pytest.mark.issue(15)
def test_states_of_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`--states` sets the states in a file, with the traces next to it; `--state` goes to one, `none` ends the walk."""
    backend, apis = fake_backend("call")
    (tmp_path / "train.mahi").write_text("5\n10\n")
    file = tmp_path / "commute.yaml"
    file.write_text(STATES)
    api = apis["call/client1"]
    assert run("set", "client1", "--states", str(file), "--ingress", "--loss", "1%", backend=backend) == 0
    train = {"mean": "5s", "egress": {"rate_trace": "train.mahi"}}
    states = {"good": {"mean": "20s"}, "train": train}
    assert api.conditions.to_dict() == {"ingress": {"loss": "1%"}, "states": states, "state": "good"}
    assert api.files == {"train.mahi": "5\n10\n"}
    assert run("set", "client1", "--state", "train", backend=backend) == 0
    assert "rate_trace train.mahi" in capsys.readouterr().out
    assert run("set", "client1", "--states", "none", backend=backend) == 0
    assert api.conditions.to_dict() == {"ingress": {"loss": "1%"}}
    file.write_text("good: {mean: 20s}\nbad: {mean: 5}\n")
    assert run("set", "client1", "--states", str(file), backend=backend) == 2
    assert f"{file}:2: bad.mean: 5 is not a time" in capsys.readouterr().err


@pytest.mark.issue(15)
def test_show_says_which_state_it_is_in(capsys: pytest.CaptureFixture[str]) -> None:
    """Since when, and how often and how long it was in each; leases of states are listed by name."""

    class Walking(FakeClientApi):
        def answer(self) -> dict[str, Any]:
            stays = {"good": {"entered": 2, "spent_s": 40.04}, "bad": {"entered": 1, "spent_s": 5.0}}
            return super().answer() | {"walk": {"state": "good", "age_s": 3.21, "states": stays}}

    walking = Walking("client2")
    backend = Backend(FakeEngine([fake_container("call", "client2")]), lambda container: walking)
    states = {"good": {"mean": "20s"}, "bad": {"mean": "5s", "egress": {"loss": "5%"}}}
    walking.change({"states": states, "state": "bad"}, ChangeOptions(lease_ns=10 * SECOND_NS))
    assert run("show", backend=backend) == 0
    shown = capsys.readouterr().out
    assert "client2: in state good for 3.2 s; so far good 2 times (40.0 s), bad 1 time (5.0 s)\n" in shown
    assert "loss 5%" in shown
    assert "states good, bad; state bad" in shown


def test_show_and_reset(capsys: pytest.CaptureFixture[str]) -> None:
    """Without names, all clients are reset."""
    backend, apis = fake_backend("call")
    run("set", "client1", "client2", "--loss", "5%", backend=backend)
    capsys.readouterr()
    assert run("show", "--json", backend=backend) == 0
    assert list(output_json(capsys)) == ["client1", "client2"]
    assert run("reset", backend=backend) == 0
    assert all(api.conditions.perfect for api in apis.values())


@pytest.mark.issue(15)
def test_words_of_netem(capsys: pytest.CaptureFixture[str]) -> None:
    """`--netem` sets what its translation says, above which flags win, and the translation is shown."""
    backend, apis = fake_backend("call")
    text = "delay 100ms 20ms distribution normal loss 10% 25%"
    assert run("set", "client2", "--egress", "--netem", text, "--latency", "80ms", backend=backend) == 0
    values = {"latency": "80ms", "jitter": "20ms", "distribution": "normal", "reordering": True}
    assert apis["call/client2"].conditions.to_dict() == {"egress": {"loss": "10%", "loss_correlation": "25%", **values}}
    first, second, *_ = capsys.readouterr().out.splitlines()
    assert first == (
        "netem: loss 10%, loss_correlation 25%, latency 100ms, jitter 20ms, distribution normal, reordering true"
    )
    assert second.startswith("  loss 10 % 25 %: the kernel's own law")


@pytest.mark.issue(15)
def test_words_of_netem_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    """Each client's answer has the translation and its notes."""
    backend, _ = fake_backend("call")
    assert run("set", "client1", "client2", "--netem", "rate 1mbps", "--json", backend=backend) == 0
    answers = output_json(capsys)
    assert set(answers) == {"client1", "client2"}
    for answer in answers.values():
        assert answer["conditions"]["egress"] == {"rate": "8mbit"}
        assert answer["netem"] == {
            "text": "rate 1mbps",
            "values": {"rate": "8mbit"},
            "cleared": ["burst", "rate_trace", "overhead", "cell", "cell_overhead"],
            "notes": ["1mbps is in bytes per second in tc: 8mbit"],
        }


@pytest.mark.issue(15)
@pytest.mark.parametrize("text", ["loss 5% ecn", "limit 1000", "delay", ""])
def test_words_that_netem_does_not_have(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    """They are wrong use, in one line that names the flag, and nothing is changed."""
    backend, apis = fake_backend("call")
    assert run("set", "client2", "--netem", text, backend=backend) == 2
    line = capsys.readouterr().err
    assert line.startswith("synthlab: --netem: ")
    assert line.count("\n") == 1
    assert apis["call/client2"].conditions.perfect


def test_a_nat(capsys: pytest.CaptureFixture[str]) -> None:
    """A router's NAT is a value like any other, alone or beside others; a line shows it."""
    backend, apis = fake_backend("call")
    assert run("set", "client1", "--nat", "full-cone", "--hairpin", "--mapping-timeout", "30s", backend=backend) == 0
    written = {"kind": "full-cone", "hairpin": True, "mapping_timeout": "30s"}
    assert apis["call/client1"].conditions.to_dict() == {"nat": written}
    assert "client1: nat full-cone, hairpin true, mapping_timeout 30s" in capsys.readouterr().out
    assert (
        run("set", "client1", "--nat", "symmetric", "--egress", "--rate", "2mbit", "--for", "10s", backend=backend) == 0
    )
    assert apis["call/client1"].conditions.to_dict() == {"egress": {"rate": "2mbit"}, "nat": "symmetric"}


@pytest.mark.parametrize(
    ("flags", "line"),
    [
        (
            ["--nat", "symetric"],
            "--nat: 'symetric' is not one of none, full-cone, restricted, port-restricted, symmetric",
        ),
        (["--hairpin"], "--hairpin: requires --nat, one of none, full-cone, restricted, port-restricted, symmetric"),
        (["--nat", "symmetric", "--hairpin"], "--hairpin: has no effect on symmetric: it requires full-cone, "),
        (["--nat", "symmetric", "--mapping-timeout", "5"], "--mapping-timeout: '5' is not a time such as "),
    ],
)
def test_a_nat_that_cannot_be(flags: list[str], line: str, capsys: pytest.CaptureFixture[str]) -> None:
    """One line names the flag, and nothing is changed."""
    backend, apis = fake_backend("call")
    assert run("set", "client1", *flags, backend=backend) == 2
    assert capsys.readouterr().err.startswith(f"synthlab: {line}")
    assert apis["call/client1"].conditions.perfect


def test_mappings_are_dropped_without_a_reset(capsys: pytest.CaptureFixture[str]) -> None:
    """Conditions and leases stay; it names its routers, and whoever is none is refused."""
    backend, apis = fake_backend("call")
    run("set", "client1", "--nat", "symmetric", "--loss", "5%", backend=backend)
    assert run("reset", "client1", "--mappings", backend=backend) == 0
    assert apis["call/client1"].dropped_mappings == 1
    assert not apis["call/client1"].conditions.perfect
    capsys.readouterr()
    for arguments, line in (
        (["--mappings"], "--mappings: name the routers, such as `synthlab reset home --mappings`"),
        (["client1", "--mappings", "--perfect"], "--mappings: resets no conditions, and --perfect clears them: "),
        (["client2", "--mappings"], "client2: nat: this is not a router"),
    ):
        assert run("reset", *arguments, backend=backend) == 2
        assert capsys.readouterr().err.startswith(f"synthlab: {line}")
