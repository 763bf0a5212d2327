"""The pytest plugin, in nested runs: labs of fake clients, real rules."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from synthlab.pytest_plugin.run import PytestRun
from synthlab.stack.fields import check_name

pytest_plugins = ["pytester", "tests.pytest_plugin.inner_pytest"]


def events() -> list[str]:
    return Path("events.txt").read_text().splitlines()


def test_a_lab_for_all_tests_of_a_stack(folder: pytest.Pytester) -> None:
    """The lab of a stack is brought up once, restored after each test, and taken down at the end."""
    folder.makepyfile(
        """
        import pytest
        from synthlab import Lab

        def conditions(lab):
            return lab["client1"].state().conditions.to_dict() | {"seed": None}

        @pytest.mark.lab("call.yaml")
        def test_one(lab):
            assert isinstance(lab, Lab)
            lab["client1"].set(loss="5%")
            lab["client1"].set(latency="5ms", for_="1h")
            assert conditions(lab) != {"seed": None}

        @pytest.mark.lab("call.yaml")
        def test_two(lab):
            assert conditions(lab) == {"seed": None}

        @pytest.mark.lab("other.yaml", name="mine")
        def test_other(lab):
            assert lab.name.startswith("mine-")
        """
    )
    folder.runpytest_inprocess("--synthlab-ttl=1h").assert_outcomes(passed=3)
    assert events() == [
        "up call.yaml call-TOKEN 1h",
        "watch client1 client2",
        "up other.yaml mine-TOKEN 1h",
        "watch client1 client2",
        "close",
        "close",
        "left theirs",
    ]


@pytest.mark.parametrize("ini", [True, False])
def test_stack_of_unmarked_tests(ini: bool, folder: pytest.Pytester) -> None:
    """An option or the ini file names the stack of unmarked tests; a marker takes precedence."""
    folder.makepyfile(
        """
        import pytest

        def test_one(lab):
            assert lab.name.startswith("call-")

        @pytest.mark.lab("other.yaml")
        def test_two(lab):
            assert lab.name.startswith("other-")
        """
    )
    if ini:
        folder.makeini("[pytest]\nsynthlab_stack = call.yaml\n")
    result = folder.runpytest_inprocess(*([] if ini else ["--synthlab-stack", "call.yaml"]))
    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines(["synthlab: seed *"])


@pytest.mark.issue(14)
def test_where_labs_run(folder: pytest.Pytester) -> None:
    """On a swarm if an option says so, with the images from a registry."""
    folder.makepyfile("def test_one(lab): pass")
    options = ("--synthlab-stack=call.yaml", "--synthlab-engine=swarm", "--synthlab-registry=10.0.0.1:5000")
    folder.runpytest_inprocess(*options).assert_outcomes(passed=1)
    assert events()[0] == "on swarm 10.0.0.1:5000"


def test_a_lab_that_is_up(folder: pytest.Pytester) -> None:
    """A running lab serves all tests, is restored after each, and stays up."""
    folder.makepyfile(
        """
        import pytest

        @pytest.mark.lab("call.yaml")
        def test_one(lab):
            lab["client2"].set(loss="5%")
            assert lab.name == "theirs"

        def test_two(lab):
            assert "egress" not in lab["client2"].state().conditions.to_dict()
        """
    )
    folder.runpytest_inprocess("--synthlab-lab", "theirs").assert_outcomes(passed=2)
    assert events() == ["watch client1 client2", "close", "left theirs"]


def test_evidence_of_a_failed_test(folder: pytest.Pytester) -> None:
    """Evidence has the conditions of the failure; the report lists it, with the seed. A passed test leaves none."""
    folder.makepyfile(
        """
        import pytest

        pytestmark = pytest.mark.lab("call.yaml")

        @pytest.mark.parametrize("loss", ["1%", "5%"])
        def test_it(lab, loss):
            lab["client1"].set(egress={"loss": loss})
            assert loss == "1%"
        """
    )
    result = folder.runpytest_inprocess("--synthlab-seed", "7", "--synthlab-evidence", "kept")
    result.assert_outcomes(passed=1, failed=1)
    place = "kept/test_evidence_of_a_failed_test.py-test_it-5"
    result.stdout.fnmatch_lines(
        [
            "* synthlab *",
            "seed 7 (repeat with --synthlab-seed=7)",
            "lab call-*",
            f"report: {place}/report.html",
            f"evidence in {place}:",
            "  conditions of all clients: conditions.json",
        ]
    )
    assert "'loss': '5%'" in (Path(place) / "conditions.json").read_text()
    assert [path.name for path in Path("kept").iterdir()] == [Path(place).name]


def test_evidence_when_another_fixture_fails(folder: pytest.Pytester) -> None:
    """A fixture that uses the lab fails with evidence too."""
    folder.makepyfile(
        """
        import pytest

        @pytest.fixture
        def joined(lab):
            assert not lab

        @pytest.mark.lab("call.yaml")
        def test_it(joined):
            pass
        """
    )
    result = folder.runpytest_inprocess()
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["evidence in synthlab-evidence/*test_it:"])


def test_seeds(folder: pytest.Pytester) -> None:
    """A seed gives each client the same draws before each test, and different clients different draws."""
    folder.makepyfile(
        """
        import pytest

        pytestmark = pytest.mark.lab("call.yaml")

        @pytest.mark.parametrize("turn", range(2))
        def test_it(lab, turn):
            print("seeds:", *(client.state().conditions.seed for client in lab))
        """
    )
    runs = [folder.runpytest_inprocess("-s", *seed) for seed in (["--synthlab-seed=7"], ["--synthlab-seed=7"], [])]
    values = [[line.partition("seeds:")[2] for line in run.outlines if "seeds:" in line] for run in runs]
    assert [len(lines) for lines in values] == [2, 2, 2]
    assert values[0][0] == values[0][1] == values[1][0]
    assert values[2][0] != values[0][0]
    assert len(set(values[0][0].split())) == 2


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (
            [],
            "no stack for the fixture `lab`: mark the test with @pytest.mark.lab('call.yaml'), or pass --synthlab-*",
        ),
        (["--synthlab-stack", "cal.yaml"], "cal.yaml: no such stack file; did you mean call.yaml?*"),
        (["--synthlab-lab", "thiers"], "no lab 'thiers' is up; did you mean theirs?"),
    ],
)
def test_no_lab(arguments: list[str], expected: str, folder: pytest.Pytester) -> None:
    """It is told in one line, without a traceback."""
    folder.makepyfile("def test_it(lab): pass")
    result = folder.runpytest_inprocess(*arguments)
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines([expected.replace("[", "[[]")])
    result.stdout.no_fnmatch_line("*Traceback*")


def test_runs_without_labs(pytester: pytest.Pytester) -> None:
    """Runs without labs see and import nothing of the plugin; their own fixture `lab` is theirs."""
    pytester.makepyfile(
        """
        import sys
        import pytest

        @pytest.fixture
        def lab():
            return "a dog"

        def test_it(lab):
            assert lab == "a dog"
            ours = [name for name in sys.modules if name.startswith("synthlab.")]
            assert set(ours) == {"synthlab.pytest_plugin", "synthlab.pytest_plugin.run"}
        """
    )
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-p", "no:randomly"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=pytester.path)
    assert done.returncode == 0, done.stdout
    assert "seed" not in done.stdout


def test_one_lab_for_several_workers(folder: pytest.Pytester) -> None:
    """Several workers cannot share one lab."""
    folder.makepyfile("def test_it(lab): pass")
    result = folder.runpytest_inprocess("--synthlab-lab", "theirs", "-n", "2")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["--synthlab-lab: several workers cannot share one lab*"])


def test_names_of_labs() -> None:
    """A lab's name is unique per run and worker, and valid however long the stack's name is."""
    run = PytestRun(token="3f9a", seed=1, worker="gw12")
    assert run.lab_name("call") == "call-3f9a-gw12"
    check_name(PytestRun(token="3f9a", seed=1, worker="gw123").lab_name("x" * 40))
    assert run.is_of_worker("call-3f9a-gw0")
    assert not run.is_of_worker("call-3f9b-gw0")
    assert not run.is_of_worker("call-3f9a")
