"""Both directions with a trace of 5 MB: how much memory they take, and how long it takes to put them in force."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from syntheticnet.conditions.traces import read_rate_trace

from ..builders import exactly
from ..recorded_link import OPPORTUNITIES, rate_trace
from .long_traces import Long

pytestmark = pytest.mark.issue(15)

MB = 1 << 20
MOST_MEMORY = 32 * MB
MOST_SECONDS = 4.0  # the control channel's WORK_SECONDS


def test_both_directions_take_at_most_32_mb(tmp_path: Path) -> None:
    """The peak from the first piece to both in force: the forwarder's memory and the files that PID 1 keeps."""
    files = [tmp_path / "lte.up", tmp_path / "lte.down"]
    for seed, file in enumerate(files):
        file.write_bytes(rate_trace(seed))
        assert 4.5 * MB < file.stat().st_size < 5.5 * MB
    command = [sys.executable, "-m", "tests.syntheticnet.forwarder.long_traces", *map(str, files)]
    found = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    print(f"peak {found['bytes'] / MB:.1f} MB, in force after {found['seconds']:.2f} s")
    # At least what is kept: the files themselves and four bytes per opportunity.
    assert sum(file.stat().st_size for file in files) + 8 * OPPORTUNITIES < found["bytes"] <= MOST_MEMORY
    assert found["seconds"] < MOST_SECONDS


def test_a_long_trace_is_read_exactly() -> None:
    """Every opportunity."""
    content = rate_trace(1)
    assert read_rate_trace(content).times_ms.tolist() == [int(line) for line in content.split()]  # type: ignore[attr-defined]


def test_a_file_of_20_mb_is_refused_by_the_bound() -> None:
    """By the first piece that exceeds the bound; what is there already stays, and an upload can begin again."""
    long = Long()
    long.put("a", 2, [b"1\n"])
    with pytest.raises(ValueError, match=r"\Ab: is 16\.\d\d MB .*; at most 32 files and 16 MB per client\Z"):
        long.put("b", 20 * MB, (b"1000000\n" * 8192 for _ in range(320)))
    long.put("b", 2, [b"2\n"])
    assert long.files.sizes() == {"a": 2, "b": 2}
    long.close()


def test_an_interrupted_upload_is_refused() -> None:
    """A piece that does not follow the one before it; nothing is stored."""
    long = Long()
    long.ask("put_file", name="a", text="1\n", more=True)
    for name, start in (("a", 1), ("a", 3), ("b", 2)):
        with pytest.raises(ValueError, match=exactly(f"{name}: the upload was interrupted; upload the file again")):
            long.ask("put_file", name=name, start=start, text="2\n")
    assert long.ask("put_file", name="a", start=2, text="2\n") == {"files": [{"name": "a", "bytes": 4}]}
    assert [long.ask("file", name="a", start=start)["text"] for start in (0, 2)] == ["1\n2\n", "2\n"]
    long.close()
