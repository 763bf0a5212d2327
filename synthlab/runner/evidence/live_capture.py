"""One client's packets as they come, for a file or for a program that shows them."""

from __future__ import annotations

import contextlib
import os
import struct
import subprocess
from collections import Counter
from collections.abc import Iterator

from ...engine.api import EngineApi
from ...engine.containers import Container
from ...engine.exec import end, last_line
from ...errors import SynthlabError

CHUNK = 1 << 18
_PACKET, _STATISTICS = 6, 5
_DROPPED = 24 + 8 + 4  # its place in the statistics that `inside/capture.py` writes


class Blocks:
    """Cuts a pcapng stream into whole blocks, and counts what is in it: packets by interface, and drops."""

    def __init__(self) -> None:
        self._rest = b""
        self.packets: Counter[int] = Counter()
        self.dropped = 0

    def whole(self, chunk: bytes) -> bytes:
        """The blocks that this chunk completes: what is written of a stream is a valid file at any time."""
        data = self._rest + chunk
        at = 0
        while len(data) - at >= 12:
            kind, length, number = struct.unpack_from("=III", data, at)
            if len(data) - at < length:
                break
            if kind == _PACKET:
                self.packets[number] += 1
            elif kind == _STATISTICS:
                self.dropped += struct.unpack_from("=Q", data, at + _DROPPED)[0]
            at += length
        self._rest = data[at:]
        return data[:at]


class LiveCapture:
    """A capture that passes on all it sees, from when the first of its `blocks` comes."""

    def __init__(self, engine: EngineApi, container: Container, client: str, snaplen: int) -> None:
        self._process = engine.start_program(container, "capture", ("stream", client, snaplen, 0, 0), user="root")
        self._client = client
        self.counts = Blocks()

    def blocks(self) -> Iterator[bytes]:
        """Whole blocks of the file, as they come, to its end. Raises SynthlabError where nothing can be captured."""
        assert self._process.stdout
        begun = False
        while chunk := os.read(self._process.stdout.fileno(), CHUNK):
            begun = True
            if whole := self.counts.whole(chunk):
                yield whole
        if not begun:
            raise SynthlabError(f"{self._client}: {self._told()}")

    def stop(self) -> None:
        """Let it end: what it has seen still comes, and then its statistics. May be called from a signal handler."""
        assert self._process.stdin
        with contextlib.suppress(OSError):
            self._process.stdin.close()

    def close(self) -> None:
        end(self._process)

    def _told(self) -> str:
        """Why there was nothing."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(1)
        assert self._process.stderr
        return last_line(self._process.stderr.read()) or f"docker exec ended with status {self._process.returncode}"
