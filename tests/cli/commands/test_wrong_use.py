"""A mistake in a file or flag is status 2 and one line, in every command, before anything starts."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from synthlab.deploy.image_transfer import remote_names
from synthlab.errors import WrongUse
from synthlab.testing import fake_backend

from .command import run

pytestmark = pytest.mark.issue(10)

WRONG = {
    "up of a folder": (["up", "FOLDER"], "no such stack file"),
    "up without end": (["up", "call.yaml", "--timeout", "nan"], "nan is not a number of seconds"),
    "restart without end": (["restart", "client1", "--timeout", "inf"], "inf is not a number of seconds"),
    "top without end": (["top", "--interval", "nan"], "nan is not a number of seconds"),
    "a binary stack": (["render", "FOLDER/binary.yaml"], "is not UTF-8 text: byte 1"),
    "report into a folder": (["scenario", "run", "elevator", "--report", "FOLDER"], "is a folder; name a file"),
    "JUnit into a folder": (["scenario", "run", "elevator", "--junit", "FOLDER"], "is a folder; name a file"),
    "evidence into a file": (["scenario", "run", "elevator", "--evidence", "FOLDER/binary.yaml"], "is not a folder"),
    "no such results": (["scenario", "report", "FOLDER/no.json", "--junit", "FOLDER/x"], "No such file or directory"),
    "results of a folder": (["scenario", "report", "FOLDER", "--junit", "FOLDER/x"], "is a folder"),
    "profiles of a folder": (["profile", "show", "FOLDER#x"], "is a folder"),
    "capture into a folder": (["capture", "client1", "-o", "FOLDER"], "is a folder; name a file"),
    "capture into nothing": (["capture", "client1", "-o", "FOLDER/no/x.pcapng"], "no such folder"),
    "images into a folder": (["images", "save", "-o", "FOLDER"], "is a folder; name a file"),
    "images of nothing": (["images", "load", "FOLDER/no.tar"], "no such file"),
    "a trace of a folder": (["set", "client1", "--rate-trace", "FOLDER/no/lte.up"], "No such file or directory"),
}


@pytest.mark.parametrize(("words", "expected"), WRONG.values(), ids=WRONG.keys())
def test_wrong_use(words: Sequence[str], expected: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One line with the error, and status 2."""
    (tmp_path / "binary.yaml").write_bytes(b"\xff\xfe")
    backend, _ = fake_backend("call")
    assert run(*(word.replace("FOLDER", str(tmp_path)) for word in words), backend=backend) == 2
    (line,) = [line for line in capsys.readouterr().err.splitlines() if line.startswith("synthlab: ")]
    assert expected in line


@pytest.mark.parametrize("prefix", ["", "BAD PREFIX", "a//b", "ghcr.io/Acme", "a:b/c"])
def test_no_registry(prefix: str) -> None:
    """An invalid registry is an error before anything is pushed or pulled."""
    with pytest.raises(WrongUse, match="is not a registry prefix"):
        remote_names(["syntheticnet:latest"], prefix)
