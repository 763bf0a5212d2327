"""Settings and fixtures for all tests in this package."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from hypothesis import settings

from .served_site import ServedSite, serving
from .site import HOST, Site

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


@pytest.fixture
def served() -> Iterator[ServedSite]:
    """A site whose API is served on loopback, where its host is, too."""
    with _made("127.0.0.1") as made, serving(made) as served:
        yield served


@contextmanager
def _made(host: str = HOST, self_control: bool = False) -> Iterator[Site]:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with ours, theirs:
        for end in (ours, theirs):
            end.setblocking(False)
        made = Site(ours, theirs, host, self_control)
        yield made
        made.forwarder.close()
