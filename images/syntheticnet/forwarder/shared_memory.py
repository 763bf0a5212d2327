"""Shared memory owned by PID 1 that keeps the conditions across restarts of the forwarder.

Unlike a file, it is out of the application's reach.
"""

from __future__ import annotations

import json
import os
from struct import Struct
from typing import Any

from ..chunked_json import dumps

_HEADER = Struct("QQ")  # offset and length of the valid document


class SharedDocument:
    """One JSON document in anonymous memory, replaced atomically."""

    def __init__(self, fd: int) -> None:
        self.fd = fd

    @classmethod
    def create(cls) -> SharedDocument:
        return cls(os.memfd_create("synthlab-conditions"))

    def save(self, document: Any) -> None:
        """Write next to the valid document, then switch with one small write: a crash in between keeps the old one."""
        text = dumps(document).encode()
        offset, length = self._valid()
        # Reuse the space before the valid document if the new one fits, so that the file does not grow with each save.
        start = _HEADER.size if offset >= _HEADER.size + len(text) else offset + length or _HEADER.size
        os.pwrite(self.fd, text, start)
        os.pwrite(self.fd, _HEADER.pack(start, len(text)), 0)

    def load(self) -> Any:
        """The last saved document; None before the first."""
        offset, length = self._valid()
        return json.loads(os.pread(self.fd, length, offset)) if length else None

    def _valid(self) -> tuple[int, int]:
        header = os.pread(self.fd, _HEADER.size, 0)
        return _HEADER.unpack(header) if header else (0, 0)
