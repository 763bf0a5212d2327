"""Fixtures for tests of the forwarder."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from .path import Path


@pytest.fixture
def path() -> Iterator[Path]:
    (source, unused), (target, wire) = (socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET) for _ in range(2))
    wire.setblocking(False)
    with source, target, wire, unused:
        made = Path(source, target, wire)
        yield made
        for port in (made.pipeline.source, made.pipeline._target):
            port._socket.close()
