"""Comparison with another checkout: how it is named, what runs in turn, and whose images its clients have."""

from __future__ import annotations

import sys
from contextlib import ExitStack
from pathlib import Path

import pytest

from benchmarks.__main__ import main
from benchmarks.catalogue import catalogue, kinds_of, usual_runs
from benchmarks.errors import CannotRun, Failed
from benchmarks.measurements.delay import imposed_ms
from benchmarks.other_checkout import OtherCheckout, OtherForwarder
from benchmarks.other_images import applications, replaced
from benchmarks.testbed import KINDS, ROOT

pytestmark = pytest.mark.issue(16)


def test_a_checkout_is_a_folder_with_benchmark_and_forwarder(tmp_path: Path) -> None:
    """Any other folder is refused before anything runs."""
    with pytest.raises(CannotRun, match=r"has no benchmarks/testbed.py; expected a checkout of synthlab"):
        OtherCheckout.at(tmp_path)
    assert OtherCheckout.at(ROOT).folder == ROOT


def test_its_code_comes_before_what_is_installed() -> None:
    """Its own packages are found first, in its own folder."""
    place = OtherCheckout.at(ROOT).place
    assert place["cwd"] == ROOT
    assert place["env"]["PYTHONPATH"].split(":") == [str(ROOT), str(ROOT / "images")]


def test_a_wrong_folder_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The command names the option, the folder and what is expected."""
    with pytest.raises(SystemExit) as ended:
        main(["--beside", str(tmp_path)])
    assert ended.value.code == 2
    assert f"argument --beside: {tmp_path} has no benchmarks/testbed.py" in capsys.readouterr().err.splitlines()[-1]


def test_a_wrong_interpreter_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The command names the option and the file; what exists but is no Python is refused like what does not exist."""
    (not_python := tmp_path / "python").write_text("#!/bin/sh\nexit 3\n")
    not_python.chmod(0o755)
    for path in (not_python, tmp_path / "absent"):
        with pytest.raises(SystemExit) as ended:
            main(["--python", str(path)])
        assert ended.value.code == 2
        assert f"argument --python: {path} is no Python" in capsys.readouterr().err.splitlines()[-1]


def test_a_profile_compares_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    """An option that would have no effect is refused."""
    with pytest.raises(SystemExit):
        main(["--beside", str(ROOT), "--profile"])
    assert "--beside does not go with --profile" in capsys.readouterr().err


def test_every_row_runs_both_forwarders_in_turn() -> None:
    """The other checkout's runs just before ours, and only if there is one to compare with."""
    for one in catalogue():
        kinds = kinds_of(one, True)
        assert kinds[kinds.index("before") + 1] == "forwarder"
        assert kinds_of(one, False) == tuple(one.kinds)


def test_both_forwarders_delay_what_passes() -> None:
    """What they impose is not an error; a bridge imposes nothing."""
    assert {kind: imposed_ms(kind) for kind in KINDS} == {"bridge": 0, "floor": 0, "before": 20, "forwarder": 20}


def test_nine_pairs_of_throughput() -> None:
    """TCP and floods are judged by nine pairs, everything else by five runs."""
    runs = {one.name: usual_runs(one) for one in catalogue()}
    assert {name for name, times in runs.items() if times == 9} == {"tcp/up", "tcp/down", "udp/perfect", "udp/lossy"}
    assert set(runs.values()) == {5, 9}


def test_clients_of_the_other_checkout_have_its_images() -> None:
    """With or without `:latest`; the media server stays ours. Only the applications that it has are built."""
    compose = '    image: "synthlab/chrome:latest"\n    image: "syntheticnet"\n    image: "synthlab/janus:1.1.2"\n'
    assert replaced(compose).split() == [
        "image:",
        '"synthlab-bench/chrome:before"',
        "image:",
        '"synthlab-bench/syntheticnet:before"',
        "image:",
        '"synthlab/janus:1.1.2"',
    ]
    assert applications(compose) == ["synthlab/chrome:latest"]


def test_a_process_without_forwarder_is_a_failed_run(tmp_path: Path) -> None:
    """A checkout whose code does not start fails the run, with a reason."""
    (tmp_path / "benchmarks").mkdir()
    with ExitStack() as cleanup, pytest.raises(Failed, match="the other checkout's forwarder: it ended"):
        OtherForwarder(OtherCheckout(tmp_path), sys.executable, "no-such-namespace", cleanup)
