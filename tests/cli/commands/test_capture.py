"""Errors of `synthlab capture`; capturing is tested on a real lab."""

from __future__ import annotations

from pathlib import Path

import pytest

from synthlab.cli.main import main
from synthlab.testing import fake_backend


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["cleint1"], "no client 'cleint1' in lab 'call'; did you mean client1?"),
        (["client1", "--snaplen", "63"], "--snaplen: '63' is not `full` or a number from 64 to 262144"),
        (["client1", "--snaplen", "some"], "--snaplen: 'some' is not `full` or a number from 64 to 262144"),
        (["client1", "--for", "soon"], "--for: "),
        (["client1", "--lab", "cal"], "no lab 'cal' is up; did you mean call?"),
    ],
)
def test_wrong_use(arguments: list[str], expected: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One line each, and no file is made."""
    backend, _ = fake_backend("call")
    file = tmp_path / "x.pcapng"
    assert main(["capture", *arguments, "-o", str(file)], backend) == 2
    assert capsys.readouterr().err.startswith(f"synthlab: {expected}")
    assert not file.exists()


def test_a_file_that_cannot_be_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It is reported before the capture starts."""
    backend, _ = fake_backend("call")
    assert main(["capture", "client1", "-o", str(tmp_path)], backend) == 2
    assert f"-o: {tmp_path}: is a folder; name a file" in capsys.readouterr().err
