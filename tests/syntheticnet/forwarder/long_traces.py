"""Measures in a process of its own what traces of both directions take: `python -m ...long_traces UP DOWN`.

Prints a line of JSON: the peak of memory in bytes, with the files that PID 1 keeps, and the seconds until the change is
in force.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from syntheticnet.channel import FILE_PIECE
from syntheticnet.conditions import Conditions
from syntheticnet.conditions.files import Files
from syntheticnet.forwarder.controller import ConditionsController, drawn_schedule
from syntheticnet.forwarder.shared_files import SharedFiles
from syntheticnet.forwarder.shared_memory import SharedDocument

from .test_controller import FakeNetwork

NOW = 10**9


class Long:
    """A controller with its files, as the forwarder has them."""

    def __init__(self) -> None:
        self.kept, self.shared = SharedDocument.create(), SharedFiles.create()
        self.kept.save(drawn_schedule(Conditions(), NOW).to_dict())
        self.files = Files(self.shared)
        self.controller = ConditionsController(self.kept, self.files, FakeNetwork(), NOW)

    def put(self, name: str, size: int, pieces: Iterable[bytes]) -> None:
        start = 0
        for piece in pieces:
            more = start + len(piece) < size
            self.ask("put_file", name=name, start=start, text=piece.decode("latin-1"), more=more)
            start += len(piece)

    def close(self) -> None:
        self.shared.close()
        os.close(self.kept.fd)

    def ask(self, op: str, **arguments: Any) -> dict[str, Any]:
        return self.controller.answer({"op": op, **arguments}, NOW)


def peak_bytes() -> int:
    """The most memory that this process had so far (VmHWM of proc(5))."""
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) * 1024


def main(up: Path, down: Path) -> None:
    long = Long()
    before = peak_bytes()
    for path in (up, down):
        with path.open("rb") as file:
            long.put(path.name, path.stat().st_size, iter(lambda: file.read(FILE_PIECE), b""))
    began = time.monotonic()
    long.ask("change", change={"egress": {"rate_trace": up.name}, "ingress": {"rate_trace": down.name}})
    took = time.monotonic() - began
    # Pages of the files that this process had mapped count twice: the sum is never too small.
    stored = sum(len(content) for content in long.shared.values())
    print(json.dumps({"bytes": peak_bytes() - before + stored, "seconds": took}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
