"""SharedFiles: files survive their writer, and take memory once."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from syntheticnet.forwarder.shared_files import SharedFiles

pytestmark = pytest.mark.issue(15)


@pytest.fixture
def files() -> Iterator[SharedFiles]:
    made = SharedFiles.create()
    yield made
    made.close()


def kept_bytes(files: SharedFiles) -> int:
    return os.fstat(files._fd).st_blocks * 512


def test_another_process_reads_what_was_stored(files: SharedFiles) -> None:
    """As the next forwarder does after a crash; an empty file, too."""
    pid = os.fork()
    if not pid:
        files.update({"a": b"one", "b": b"", "c": b"three"})
        files["a"] = b"another"
        del files["c"]
        os._exit(0)
    assert os.waitpid(pid, 0)[1] == 0
    assert {name: bytes(content) for name, content in files.items()} == {"a": b"another", "b": b""}


def test_memory_is_given_back(files: SharedFiles) -> None:
    """What is replaced or removed takes no memory any longer."""
    for _ in range(8):
        files["a"] = os.urandom(3 << 20)
    assert kept_bytes(files) <= (3 << 20) + 4096
    del files["a"]
    assert kept_bytes(files) == 0


def test_half_a_file_leaves_nothing(files: SharedFiles, monkeypatch: pytest.MonkeyPatch) -> None:
    """A forwarder that dies while it writes leaves the files as they were, and the next write frees what it left."""
    files["a"] = b"one"
    with monkeypatch.context() as patched:
        patched.setattr(files._index, "save", lambda _: (_ for _ in ()).throw(MemoryError))
        with pytest.raises(MemoryError):
            files["b"] = bytes(5 << 20)
    assert list(files) == ["a"]
    files["c"] = b"three"
    assert kept_bytes(files) <= 2 * 4096
