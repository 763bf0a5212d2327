"""Settings and fixtures for all tests in this package."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from hypothesis import settings

from .site import Site

# The same examples on every run, and no deadline: machines that run tests are busy.
settings.register_profile("syntheticnet", derandomize=True, deadline=None, max_examples=50)
settings.load_profile("syntheticnet")


@pytest.fixture
def site() -> Iterator[Site]:
    with _made() as made:
        yield made


@pytest.fixture
def self_controlled() -> Iterator[Site]:
    """A site whose application may change its own network."""
    with _made(self_control=True) as made:
        yield made


@contextmanager
def _made(self_control: bool = False) -> Iterator[Site]:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with ours, theirs:
        for end in (ours, theirs):
            end.setblocking(False)
        made = Site(ours, theirs, self_control)
        yield made
        for store in made.forwarder.stores:
            os.close(store.fd)
