"""Streams one client's packets as pcapng, to a file or to a viewer."""

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
_DROPPED = 24 + 8 + 4  # its offset in the statistics block that `guest/capture.py` writes


class Blocks:
    """Splits a pcapng stream into blocks, and counts packets by interface, and drops."""

    def __init__(self) -> None:
        self._rest = b""
        self.packets: Counter[int] = Counter()
        self.dropped = 0

    def whole(self, chunk: bytes) -> bytes:
        """The blocks completed by this chunk, so that whatever is written so far is a valid file."""
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
    """A live capture of a client; it has started once the first of its `blocks` arrives."""

    def __init__(self, engine: EngineApi, container: Container, client: str, snaplen: int) -> None:
        self._command = engine.command
        self._process = engine.start_program(
            container, "capture", ("stream", client, snaplen, 0, 0, container.number), user="root"
        )
        self._client = client
        self.counts = Blocks()

    def blocks(self) -> Iterator[bytes]:
        """Complete blocks of the file, as they arrive, until it ends. Raises SynthlabError if it cannot start."""
        assert self._process.stdout
        started = False
        while chunk := os.read(self._process.stdout.fileno(), CHUNK):
            started = True
            if complete := self.counts.whole(chunk):
                yield complete
        if not started:
            raise SynthlabError(f"{self._client}: {self._reason()}")

    def stop(self) -> None:
        """Ask it to end: pending packets and the statistics still arrive. May be called from a signal handler."""
        assert self._process.stdin
        with contextlib.suppress(OSError):
            self._process.stdin.close()

    def close(self) -> None:
        end(self._process)

    def _reason(self) -> str:
        """Why it did not start."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(1)
        assert self._process.stderr
        return (
            last_line(self._process.stderr.read())
            or f"{self._command} exec failed with status {self._process.returncode}"
        )
