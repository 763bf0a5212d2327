"""Replaces the capture program where there is no container: a process that answers like it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field

from synthlab.engine.api import User
from synthlab.engine.containers import Container

RING = """
import struct, sys
told = b"ring of " + sys.argv[1].encode() + b"\\n"
for line in sys.stdin.buffer:
    if line != b"dump\\n":
        told += line
        continue
    sys.stdout.buffer.write(struct.pack("!Q", len(told)) + told)
    sys.stdout.buffer.flush()
"""
SILENT = "import sys; sys.stdin.read()"
REFUSES = "import sys; sys.exit('cannot capture: no forwarder is running here')"


@dataclass
class Runner:
    """Starts one of the programs above instead of the real ones; remembers its processes."""

    program: str = RING
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def __call__(
        self, container: Container, program: str, arguments: Sequence[object], *, user: User
    ) -> subprocess.Popen[bytes]:
        assert (program, user) == ("capture", "root")
        pipe = subprocess.PIPE
        command = [sys.executable, "-c", self.program, container.id]
        self.processes.append(subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe))
        return self.processes[-1]
