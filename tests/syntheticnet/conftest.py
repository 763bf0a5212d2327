"""Settings and fixtures for all tests in this package."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator

import pytest
from hypothesis import settings

from .site import Site

# The same examples on every run, and no deadline: machines that run tests are busy.
settings.register_profile("syntheticnet", derandomize=True, deadline=None, max_examples=50)
settings.load_profile("syntheticnet")


@pytest.fixture
def site() -> Iterator[Site]:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with ours, theirs:
        for end in (ours, theirs):
            end.setblocking(False)
        made = Site(ours, theirs)
        yield made
        for store in made.forwarder.stores:
            os.close(store.fd)
