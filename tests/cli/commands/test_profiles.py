"""`profile list` and `profile show`; and profiles that `set` puts in force."""

from __future__ import annotations

from pathlib import Path

import pytest

from synthlab.stack.profiles import profiles, sources
from synthlab.testing import fake_backend

from .command import output_json, run

OFFICE = """\
source: our office, measured in May
delay: one-way
profiles:
  slow: {egress: {rate: 1mbit, latency: 20ms}}
  train: {ingress: {rate_trace: lte.down}}
"""


@pytest.fixture
def office(tmp_path: Path) -> Path:
    """A file of profiles, one of which uses a trace next to it."""
    (tmp_path / "lte.down").write_text("1\n5\n10\n")
    file = tmp_path / "office.yaml"
    file.write_text(OFFICE)
    return file


def test_list(capsys: pytest.CaptureFixture[str]) -> None:
    """All profiles are listed below their sources, with values and the source's delay; JSON has all of each."""
    backend, _ = fake_backend()
    assert run("profile", "list", backend=backend) == 0
    lines = capsys.readouterr().out.splitlines()
    wanted = "wpt/lte rate 12mbit, latency 35ms rate 12mbit, latency 35ms rtt"
    assert wanted in [" ".join(line.split()) for line in lines]
    assert sum(line.startswith("profile ") for line in lines) == len(sources())
    assert run("profile", "list", "--json", backend=backend) == 0
    assert [one["name"] for one in output_json(capsys)] == list(profiles())


def test_list_of_one_source(office: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A single source or file can be listed; for an unknown one, the error has the closest match."""
    backend, _ = fake_backend()
    assert run("profile", "list", "lighthouse", "--json", backend=backend) == 0
    assert [one["name"] for one in output_json(capsys)] == ["lighthouse/slow-4g"]
    assert run("profile", "list", str(office), "--json", backend=backend) == 0
    assert [one["name"] for one in output_json(capsys)] == [f"{office}#slow", f"{office}#train"]
    assert run("profile", "list", "wtp", backend=backend) == 2
    assert "no such source of profiles 'wtp'; did you mean wpt?" in capsys.readouterr().err


def test_show(capsys: pytest.CaptureFixture[str]) -> None:
    """A profile is shown with its source, and how the source's delay was converted."""
    backend, _ = fake_backend()
    assert run("profile", "show", "firefox/4g", backend=backend) == 0
    rows = dict(line.split(maxsplit=1) for line in capsys.readouterr().out.splitlines()[1:])
    assert rows["ingress"].strip() == "rate 4mbit, latency 10ms"
    assert rows["egress"].strip() == "rate 3mbit, latency 10ms"
    assert "https://github.com/mozilla-firefox/firefox" in rows["source"]
    assert rows["delay"].strip() == "a round trip in the source, halved for each direction"
    assert "the time from a request to the start of its response" in rows["remark"]


def test_show_of_an_own_one(office: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A profile from a file is shown like a bundled one."""
    backend, _ = fake_backend()
    assert run("profile", "show", f"{office}#slow", "--json", backend=backend) == 0
    assert output_json(capsys) == {
        "name": f"{office}#slow",
        "conditions": {"egress": {"rate": "1mbit", "latency": "20ms"}},
        "source": "our office, measured in May",
        "licence": None,
        "delay": "one-way",
        "remark": None,
    }


def test_set_to_an_own_one(office: Path) -> None:
    """`set --profile` accepts a profile from a file, relative to the current folder, with its traces."""
    backend, apis = fake_backend("call")
    assert run("set", "client2", "--profile", f"{office}#slow", "--latency", "none", backend=backend) == 0
    assert apis["call/client2"].conditions.to_dict() == {"egress": {"rate": "1mbit"}}
    assert run("set", "client2", "--profile", f"{office}#train", backend=backend) == 0
    assert apis["call/client2"].conditions.to_dict() == {"ingress": {"rate_trace": "lte.down"}}
    assert apis["call/client2"].files == {"lte.down": "1\n5\n10\n"}


def test_two_files_of_one_name(office: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Files of the profile and of the flags cannot have the same name."""
    (tmp_path / "other").mkdir()
    other = tmp_path / "other" / "lte.down"
    other.write_text("2\n")
    backend, apis = fake_backend("call")
    assert run("set", "client2", "--profile", f"{office}#train", "--rate-trace", str(other), backend=backend) == 2
    assert "--profile: two files are named lte.down; rename one of them" in capsys.readouterr().err
    assert apis["call/client2"].conditions.perfect
