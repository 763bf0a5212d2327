"""`trace import` and `trace show`."""

from __future__ import annotations

from pathlib import Path

import pytest

from synthlab.testing import fake_backend

from ...scenario.recordings import dumps
from ...scenario.recordings.test_packets import call, ours
from ...scenario.recordings.test_read import CAPACITY
from .command import output_json, run

pytestmark = pytest.mark.issue(15)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "capacity.csv").write_text(CAPACITY)
    (tmp_path / "client1.pcapng").write_bytes(ours(call(4)))
    (tmp_path / "dump.json").write_text(dumps.internals({"6-1": dumps.call([900_000] * 10 + [300_000] * 10)}))
    return tmp_path


def trace(*arguments: str) -> int:
    return run("trace", *arguments, backend=fake_backend("call")[0])


def test_import_and_set(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """An imported table is a rate trace of the same mean, which `set` takes."""
    assert trace("import", "capacity.csv", "-o", "lte.down", "--json") == 0
    found = output_json(capsys)
    assert (found["form"], found["bytes"]) == ("rate", (folder / "lte.down").stat().st_size)
    assert found["gaps"] == {"count": 1, "longest_s": 4.25, "total_s": 4.25}
    assert trace("show", "lte.down", "--json") == 0
    again = output_json(capsys)
    assert again["rate_bps"]["mean"] == pytest.approx(found["rate_bps"]["mean"], rel=1e-3)
    backend, apis = fake_backend("call")
    assert run("set", "client1", "--ingress", "--rate-trace", "lte.down", backend=backend) == 0
    assert apis["call/client1"].files == {"lte.down": (folder / "lte.down").read_text()}


@pytest.mark.parametrize(
    ("output", "more", "form"),
    [
        ("x.up", (), "rate"),
        ("x.delay", (), "delay"),
        ("x.csv", (), "csv"),
        ("x.up", ("--as", "delay"), "delay"),
    ],
)
def test_the_form(
    folder: Path, capsys: pytest.CaptureFixture[str], output: str, more: tuple[str, ...], form: str
) -> None:
    """The name of the output says what to write, unless --as does; a note says what was left out."""
    command = ("import", "client1.pcapng", "--direction", "egress", "-o", output, *more)
    assert trace(*command, "--json") == 0
    caught = capsys.readouterr()
    assert f'"form": "{form}"' in caught.out
    first = (folder / output).read_text().splitlines()[0]
    assert len(first.split()) == {"rate": 1, "delay": 2, "csv": 4}[form]
    assert ("--as csv writes both" in caught.err) == (form != "csv")


def test_show(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Mean, percentiles, gaps and bars; a picture with -o."""
    assert trace("show", "capacity.csv", "-o", "capacity.svg") == 0
    out = capsys.readouterr().out
    assert "mean 18.84, p5 0, p50 12.8" in out
    assert "1 gap, the longest 4.25 s, 4.25 s in all" in out
    assert "█████" in out
    assert "···" in out
    assert (folder / "capacity.svg").read_text().startswith("<svg ")


@pytest.mark.issue(16)
@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("more", [("-o", "again.yaml"), ("-o", "again", "--as", "scenario")])
def test_a_call_again(capsys: pytest.CaptureFixture[str], more: tuple[str, ...]) -> None:
    """A dump becomes a scenario that is valid, and a table next to it; the output says what the dump does not show."""
    assert trace("import", "dump.json", *more, "--json") == 0
    found = output_json(capsys)
    assert (found["form"], found["table"], found["gaps"]) == ("scenario", "again.csv", [])
    assert found["egress"]["rate_bps"]["max"] == 900_000
    assert found["ingress"]["rate_bps"] is None
    assert found["notes"][-1] == "the rate towards the client is not known, so it is not limited"
    assert run("scenario", "check", more[1], backend=fake_backend("call")[0]) == 0
    assert "again: valid: 4 steps" in capsys.readouterr().out.replace(".yaml", "")


@pytest.mark.issue(16)
def test_one_direction_of_a_call(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Shown whole or one direction of it; the trace of one direction is like that of any other recording."""
    assert trace("show", "dump.json") == 0
    out = capsys.readouterr().out
    assert "egress rate" in out
    assert "ingress loss" in out
    assert trace("import", "dump.json", "--direction", "egress", "-o", "x.csv") == 0
    assert (folder / "x.csv").read_text().splitlines()[0] == (
        "time [s],egress.rate [kbit],egress.latency [ms],egress.loss [%]"
    )
    assert trace("show", "x.csv", "--json") == 0


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("import", "dump.json", "-o", "x.up"), "dump.json: has both directions; choose one with --direction ingress"),
        (("show", "dump.json", "-o", "x.svg"), "dump.json: has both directions; a picture shows one: choose it"),
        (
            ("import", "dump.json", "-o", "x.yaml", "--direction", "egress"),
            "--direction: a scenario has both",
        ),
        (("import", "capacity.csv", "-o", "x.yaml"), "capacity.csv: is a CSV table; a scenario can be written of a"),
        (
            ("import", "dump.json", "-o", "x.up", "--direction", "ingress", "--as", "rate"),
            "dump.json: has no rate, so it cannot become",
        ),
        (("show", "none"), "none: No such file or directory"),
        (
            ("show", "capacity.csv", "-o", "a.png"),
            "-o: a.png: is not a picture that can be drawn",
        ),
        (("show", "capacity.csv", "--direction", "up"), "--direction: 'up' is not one of ingress, egress"),
        (("import", "capacity.csv", "-o", "x/y"), "-o: x/y: no such folder: x"),
        (
            ("import", "capacity.csv", "-o", "y", "--as", "pcap"),
            "--as: 'pcap' is not one of rate, delay, csv, sc",
        ),
        (("import", "capacity.csv", "-o", "y.delay"), "capacity.csv: has no delay, so it cannot become a delay trace"),
    ],
)
def test_mistakes(folder: Path, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], expected: str) -> None:
    """One line, exit status 2, and nothing is written."""
    before = set(folder.iterdir())
    assert trace(*arguments) == 2
    assert expected in capsys.readouterr().err
    assert set(folder.iterdir()) == before
