"""Shared memory owned by PID 1 that keeps the uploaded files across restarts of the forwarder.

A file is written once and read where it lies: no process holds a copy.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, MutableMapping
from mmap import MADV_REMOVE, PAGESIZE, PROT_READ, mmap

from ..conditions import FileContent
from .shared_memory import SharedDocument

PIECE = 1 << 16


class SharedFiles(MutableMapping[str, FileContent]):
    """Contents by file name in anonymous memory; each is stored, replaced and removed atomically."""

    def __init__(self, index: SharedDocument, fd: int) -> None:
        self._index = index  # where each file is: offset and length
        self._fd = fd

    @classmethod
    def create(cls) -> SharedFiles:
        return cls(SharedDocument.create(), os.memfd_create("synthlab-files"))

    def __getitem__(self, name: str) -> FileContent:
        offset, length = self._spans()[name]
        return mmap(self._fd, length, offset=offset, prot=PROT_READ) if length else b""

    def __setitem__(self, name: str, content: FileContent) -> None:
        spans = self._spans()
        start = max((_after(*span) for span in spans.values()), default=0)
        os.ftruncate(self._fd, start)  # frees what a forwarder left there that died in the middle of this
        for at in range(0, len(content), PIECE):
            os.pwrite(self._fd, content[at : at + PIECE], start + at)
        self._index.save({**spans, name: (start, len(content))})
        self._free(spans.get(name))

    def __delitem__(self, name: str) -> None:
        spans = self._spans()
        span = spans.pop(name)
        self._index.save(spans)
        self._free(span)

    def __iter__(self) -> Iterator[str]:
        return iter(self._spans())

    def __len__(self) -> int:
        return len(self._spans())

    def close(self) -> None:
        for fd in (self._index.fd, self._fd):
            os.close(fd)

    def _spans(self) -> dict[str, tuple[int, int]]:
        return {name: (offset, length) for name, (offset, length) in (self._index.load() or {}).items()}

    def _free(self, span: tuple[int, int] | None) -> None:
        """Give a file's pages back; its place in the memory file stays unused, which costs nothing."""
        if span and span[1]:
            with mmap(self._fd, span[1], offset=span[0]) as gone:
                gone.madvise(MADV_REMOVE)


def _after(offset: int, length: int) -> int:
    """The first page after a file."""
    return (offset + length + PAGESIZE - 1) // PAGESIZE * PAGESIZE
