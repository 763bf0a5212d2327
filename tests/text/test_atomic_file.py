"""Atomic writes, on full disks and under file size limits."""

from __future__ import annotations

import errno
import os
import resource
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pytest

from synthlab import runner
from synthlab.cli.commands.capture import _append
from synthlab.cli.main import main
from synthlab.runner.evidence import Evidence
from synthlab.testing import fake_backend
from synthlab.text.atomic_file import beside, write_whole

from ..report import records
from ..scenario.files import write

LIMIT = 16 << 10
WAIT = "  - wait: 1s\n"


@contextmanager
def limited() -> Iterator[None]:
    """Limit this process's files to 16 kB: as on a full disk, writing fails halfway."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (LIMIT, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.fixture
def full_disk(tmp_path: Path) -> Iterator[Path]:
    """A 16 kB disk."""
    folder = tmp_path / "disk"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={LIMIT}", "none", str(folder)], check=True)
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def play_failed(folder: Path, monkeypatch: pytest.MonkeyPatch, *flags: str) -> int:
    """The exit status of `scenario run` for a failing scenario with a JUnit file."""
    monkeypatch.setattr(runner, "play", lambda *arguments: replace(records.dog(), verdict="failed"))
    return main(["scenario", "run", write(folder, WAIT), *flags], fake_backend("call")[0])


def test_what_is_written_takes_its_place(tmp_path: Path) -> None:
    """The mode is kept, a symbolic link is followed, and no temporary file is left."""
    file, link = tmp_path / "out", tmp_path / "link"
    file.write_text("before")
    file.chmod(0o640)
    link.symlink_to(file)
    write_whole(link, "after")
    assert file.read_text() == "after"
    assert file.stat().st_mode & 0o777 == 0o640
    assert link.is_symlink()
    assert sorted(one.name for one in tmp_path.iterdir()) == ["link", "out"]


def test_a_new_file_has_the_usual_mode(tmp_path: Path) -> None:
    """The mode is that of any newly created file, not of the temporary one."""
    (tmp_path / "usual").touch()
    write_whole(tmp_path / "out", "text")
    assert (tmp_path / "out").stat().st_mode == (tmp_path / "usual").stat().st_mode


def test_an_error_leaves_what_was_there(tmp_path: Path) -> None:
    """This includes unrelated errors and Ctrl-C."""
    file = tmp_path / "out"
    file.write_text("before")
    with pytest.raises(KeyboardInterrupt):
        interrupted_while_writing(file)
    assert file.read_text() == "before"
    assert list(tmp_path.iterdir()) == [file]


def interrupted_while_writing(file: Path) -> None:
    with beside(file) as part:
        part.write_text("half")
        raise KeyboardInterrupt


def test_what_is_no_plain_file(tmp_path: Path) -> None:
    """A pipe or device is written directly, not replaced by a file."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with subprocess.Popen(["cat", pipe], stdout=subprocess.PIPE, encoding="utf-8") as reader:
        write_whole(pipe, "text")
        assert reader.communicate(timeout=10)[0] == "text"
    assert pipe.is_fifo()


@pytest.mark.issue(10)
def test_a_report_over_a_limit(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A report that does not fit is an error line; the JUnit file is written, and the status is the verdict's."""
    page, junit = tmp_path / "page.html", tmp_path / "results.xml"
    page.write_text("of the last run")
    with limited():
        status = play_failed(tmp_path, monkeypatch, "--report", str(page), "--junit", str(junit))
    assert status == 1
    assert f"synthlab: --report: {page}: File too large\n" in capsys.readouterr().err
    assert page.read_text() == "of the last run"
    assert "</testsuites>" in junit.read_text()
    assert [one.name for one in tmp_path.iterdir() if one.suffix == ".part"] == []


@pytest.mark.issue(10)
@pytest.mark.veth
def test_a_report_on_a_full_disk(
    full_disk: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A JUnit file that does not fit leaves no empty file; the status is the verdict's."""
    (full_disk / "fill").write_bytes(bytes(LIMIT))
    junit = full_disk / "results.xml"
    assert play_failed(tmp_path, monkeypatch, "--junit", str(junit)) == 1
    assert f"synthlab: --junit: {junit}: No space left on device\n" in capsys.readouterr().err
    assert [one.name for one in full_disk.iterdir()] == ["fill"]


@pytest.mark.issue(10)
def test_json_to_a_full_disk(tmp_path: Path) -> None:
    """Failing standard output is reported in one line, and the status is the verdict's."""
    program = (
        "import sys; from dataclasses import replace; from synthlab import runner; from synthlab.cli.main import main;"
        "from synthlab.testing import fake_backend; from tests.report import records;"
        "runner.play = lambda *arguments: replace(records.dog(), verdict='failed');"
        f"sys.exit(main(['scenario', 'run', {write(tmp_path, WAIT)!r}, '--json'], fake_backend('call')[0]))"
    )
    done = printed_to_a_full_disk(program)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == "synthlab: --json: cannot write the output: No space left on device"


@pytest.mark.issue(10)
def test_any_output_to_a_full_disk() -> None:
    """One line and status 3, whatever the command."""
    done = printed_to_a_full_disk("import sys; from synthlab.cli.main import main; sys.exit(main(['profile', 'list']))")
    assert (done.returncode, done.stderr) == (3, "synthlab: cannot write the output: No space left on device\n")


def printed_to_a_full_disk(program: str) -> subprocess.CompletedProcess[str]:
    with Path("/dev/full").open("w") as full:
        return subprocess.run(
            [sys.executable, "-c", program],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
            cwd=Path(__file__).resolve().parents[2],
        )


@pytest.mark.issue(10)
def test_evidence_over_a_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that does not fit is a line in `problems.txt`; the others are kept, and no partial file is."""
    backend, _ = fake_backend("call")
    monkeypatch.setattr(type(backend.engine), "read_log", lambda *asked: [("2026-01-01T00:00:01Z", "x" * LIMIT)])
    with limited():
        files = Evidence(backend, "call").collect(tmp_path)
    assert "conditions of all clients" in files
    assert not [name for name in files if name.startswith("log of")]
    problems = (tmp_path / files["missing evidence"]).read_text().splitlines()
    assert problems[0] == "log of client1: logs/client1.log cannot be written: File too large"
    assert list((tmp_path / "logs").iterdir()) == []


@pytest.mark.issue(10)
def test_a_capture_over_a_limit_ends_with_a_whole_block(tmp_path: Path) -> None:
    """A capture is read while it grows, so it is written in place; what does not fit is truncated."""
    file = tmp_path / "a.pcapng"
    with limited(), file.open("wb", buffering=0) as opened:
        _append(opened, b"a" * 9_000)
        with pytest.raises(OSError, match="File too large") as caught:
            _append(opened, b"b" * 9_000)
    assert caught.value.errno == errno.EFBIG
    assert file.read_bytes() == b"a" * 9_000


def test_a_capture_into_a_pipe() -> None:
    """After a short write the rest is written."""

    class Slow(BytesIO):
        write: Callable[..., int] = lambda self, data: BytesIO.write(self, bytes(data[:7]))

    slow = Slow()
    _append(slow, b"0123456789" * 3)
    assert slow.getvalue() == b"0123456789" * 3
