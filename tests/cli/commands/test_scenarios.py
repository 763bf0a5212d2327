"""`scenario list`, `show` and `check`, and `schema`: none needs a lab."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from synthlab.scenario import check_scenario, scenario_files
from synthlab.scenario.plan_text import plan_text
from synthlab.scenario.schema import scenario_schema, stack_schema
from synthlab.testing import fake_backend

from ...scenario.files import write
from .command import output_json, run

WORLD, _ = fake_backend()
STEPS = '  - {set: client2, egress: {rate: "${RATE:-1mbit}"}, for: 5s}\n  - wait: 5s\n'


def test_list(capsys: pytest.CaptureFixture[str]) -> None:
    """Each bundled scenario has a row: what it is about, its stack, how long it takes."""
    assert run("scenario", "list", backend=WORLD) == 0
    rows = {line.split()[0]: " ".join(line.split()[1:]) for line in capsys.readouterr().out.splitlines()[1:]}
    assert list(rows) == [Path(file).stem for file in scenario_files()]
    assert rows["elevator"] == "eight seconds without any network call.yaml 21s..66s"
    assert run("scenario", "list", "--json", backend=WORLD) == 0
    listed = {one["scenario"]: one for one in output_json(capsys)}
    assert list(listed) == list(rows)
    assert (listed["elevator"]["least_s"], listed["elevator"]["most_s"]) == (21, 66)
    assert all(one["about"] and "steps" not in one for one in listed.values())


def test_list_tells_what_goes_before_a_bundled_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A file of the same name in the folder, which a run would use."""
    bundled = scenario_files()["elevator.yaml"].read_text()
    (tmp_path / "elevator.yaml").write_text(bundled.replace("eight seconds", "not a second"))
    monkeypatch.chdir(tmp_path)
    assert run("scenario", "list", backend=WORLD) == 0
    output = capsys.readouterr()
    assert "not a second without any network" in output.out
    assert output.err == "elevator.yaml: the file in this folder overrides the bundled scenario\n"


def test_show(capsys: pytest.CaptureFixture[str]) -> None:
    """It shows the plan as text; with --every, each value of a step that changes over time."""
    plan = check_scenario("rate-sine")
    assert run("scenario", "show", "rate-sine", backend=WORLD) == 0
    assert capsys.readouterr().out == f"{plan_text(plan)}\n"
    assert run("scenario", "show", "rate-sine", "--every", backend=WORLD) == 0
    assert capsys.readouterr().out == f"{plan_text(plan, every=True)}\n"


def test_show_with_variables_seed_and_stack(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Variables, seed and stack can override the file's."""
    file = write(tmp_path, STEPS)
    (tmp_path / "two.yaml").write_text("clients: {client2: {image: acme/client}}\n")
    others = ("--var", "RATE=3mbit", "--seed", "9", "--stack", str(tmp_path / "two.yaml"))
    assert run("scenario", "show", file, *others, "--json", backend=WORLD) == 0
    shown = output_json(capsys)
    assert (shown["seed"], shown["clients"], shown["variables"]) == (9, ["client2"], {"RATE": "3mbit"})
    assert [step["text"] for step in shown["steps"]] == ["set client2: egress rate 3mbit for 5s", "wait 5s"]
    assert shown["steps"][0]["actions"] == [{"at_s": 0.0, "text": "client2: egress rate 3mbit, for 5s"}]
    assert shown["steps"][1]["place"] == f"{file}:4"


def test_check(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Valid scenarios are listed on stdout, each invalid one in one line on stderr."""
    good = write(tmp_path, STEPS)
    bad = tmp_path / "bad.yaml"
    bad.write_text("stack: call.yaml\nsteps:\n  - {set: cleint2, egress: {loss: 5%}}\n")
    worse = tmp_path / "worse.yaml"
    worse.write_text("stack: call.yaml\nsteps:\n  - wait: 5\n")
    assert run("scenario", "check", good, backend=WORLD) == 0
    assert capsys.readouterr() == (f"{good}: valid: 2 steps, takes 5s\n", "")
    assert run("scenario", "check", str(bad), good, str(worse), backend=WORLD) == 2
    output = capsys.readouterr()
    assert output.out == f"{good}: valid: 2 steps, takes 5s\n"
    lines = output.err.splitlines()
    assert [line.partition(": steps")[0] for line in lines] == [f"synthlab: {bad}:3", f"synthlab: {worse}:3"]
    assert "no client 'cleint2' in this stack; did you mean client2?" in lines[0]


def test_check_as_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With --json all are on stdout, invalid ones with their error."""
    good = write(tmp_path, STEPS)
    assert run("scenario", "check", good, "no-such", "--json", backend=WORLD) == 2
    first, second = output_json(capsys)
    assert (first["name"], first["error"], first["least_s"]) == (good, None, 5)
    assert second["error"].startswith("no-such: no such scenario file; bundled: ")


@pytest.mark.parametrize(
    ("variable", "expected"),
    [
        ("RATE", "--var: 'RATE' is not of the form NAME=VALUE, such as RATE=1mbit"),
        ("=1mbit", "--var: '=1mbit' is not of the form NAME=VALUE, such as RATE=1mbit"),
        ("RAET=1mbit", "--var RAET: the scenario has no such variable; did you mean RATE?"),
    ],
)
def test_wrong_variables(variable: str, expected: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """An invalid variable is reported."""
    assert run("scenario", "show", write(tmp_path, STEPS), "--var", variable, backend=WORLD) == 2
    assert capsys.readouterr().err.startswith(f"synthlab: {expected}")


def test_schema(capsys: pytest.CaptureFixture[str]) -> None:
    """The schemas are printed as JSON."""
    for kind, made in (("scenario", scenario_schema()), ("stack", stack_schema())):
        assert run("scenario", "schema", kind, backend=WORLD) == 0
        assert output_json(capsys) == json.loads(json.dumps(made))
    assert run("scenario", "schema", "stak", backend=WORLD) == 2
    assert "no schema for 'stak'; did you mean stack?; expected one of: scenario, stack" in capsys.readouterr().err


def test_picture(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The timeline is also written as a page; a failure to write it is reported."""
    file = tmp_path / "dog.html"
    assert run("scenario", "show", "dog-chews-fiber", "--picture", str(file), backend=WORLD) == 0
    output = capsys.readouterr()
    assert output.out.startswith("dog-chews-fiber: stack call.yaml, seed 7")
    assert output.err == f"wrote {file}\n"
    page = file.read_text()
    assert page.startswith("<!")
    assert "the dog chews" in page
    assert run("scenario", "show", "dog-chews-fiber", "--picture", str(tmp_path), backend=WORLD) == 2
    assert f"--picture: {tmp_path}: Is a directory" in capsys.readouterr().err


@pytest.mark.issue(15)
def test_check_shows_what_netem_means(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """As lines below the result, and as JSON."""
    file = write(tmp_path, "  - {set: client2, egress: {netem: rate 1mbps}}\n")
    assert run("scenario", "check", file, backend=WORLD) == 0
    lines = [f"{file}: steps[0].egress.netem: rate 8mbit", "  1mbps is in bytes per second in tc: 8mbit"]
    assert capsys.readouterr().out.splitlines()[1:] == [f"  {line}" for line in lines]
    assert run("scenario", "check", file, "--json", backend=WORLD) == 0
    assert output_json(capsys)[0]["netem"] == lines
