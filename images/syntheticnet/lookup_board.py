"""What forwarder and resolver share about look-ups of names: what is in force, and what became of them.

PID 1 owns it all, so either side can be restarted; the application has no way to it.
"""

from __future__ import annotations

import json
import os
import socket
import time
from collections.abc import Mapping
from contextlib import suppress
from struct import Struct
from typing import Any
from zlib import crc32

_HEAD = Struct("=II")  # length and CRC-32 of the text
_ATTEMPTS, _PAUSE_S = 100, 0.0005


class SharedNote:
    """A short JSON object in anonymous memory, which one process writes while others read it."""

    def __init__(self) -> None:
        self._fd = os.memfd_create("synthlab-note")

    def write(self, value: Mapping[str, Any]) -> None:
        text = json.dumps(value).encode()
        os.pwrite(self._fd, _HEAD.pack(len(text), crc32(text)) + text, 0)

    def read(self) -> dict[str, Any] | None:
        """The object; None before the first one, or if its writer died while writing."""
        for _ in range(_ATTEMPTS):
            # In one call, so that seldom is anything written meanwhile.
            data = os.pread(self._fd, os.fstat(self._fd).st_size, 0)
            if not data:
                return None
            length, check = _HEAD.unpack_from(data)
            text = data[_HEAD.size : _HEAD.size + length]
            # No lock, which a stopped process could hold for ever: what was read half old, half new is read again.
            if crc32(text) == check:
                return dict(json.loads(text))
            time.sleep(_PAUSE_S)
        return None


class LookupBoard:
    """Forwarders request `dns` in written form; the resolver, started with the first, is woken by each change.

    The container has one name server, whatever its `networks`: what the forwarders of several request holds together.
    """

    def __init__(self, networks: int = 1) -> None:
        self._requested, self._counts = [SharedNote() for _ in range(networks)], SharedNote()
        self._ringing, self.rung = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        """`rung` is readable when the request has changed."""
        for end in (self._ringing, self.rung):
            end.setblocking(False)

    def close(self) -> None:
        self._ringing.close()
        self.rung.close()

    def request(self, dns: Mapping[str, Any], network: int = 0) -> None:
        """Put this in force for a network, by its number, unless it is already; never blocks."""
        present = self._requested[network].read()
        if dns == present or (present is None and not dns):
            return
        self._requested[network].write(dns)
        with suppress(BlockingIOError):  # then it has more than one ring to answer anyway
            self._ringing.send(b"1")

    def requested(self) -> dict[str, Any]:
        """What is to be in force; of a name in several networks, what the first says. Answers the rings so far."""
        with suppress(BlockingIOError):
            while self.rung.recv(1):
                pass
        requested: dict[str, Any] = {}
        for note in self._requested:
            requested = {**(note.read() or {}), **requested}
        return requested

    def publish(self, counts: Mapping[str, Any]) -> None:
        """Replace what the resolver reports."""
        self._counts.write(counts)

    def published(self) -> dict[str, Any] | None:
        """What the resolver reports; None if it has never run."""
        return self._counts.read()
