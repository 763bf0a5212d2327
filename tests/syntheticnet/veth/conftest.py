"""The world shared by all tests with real packets: created once, reset before each test, removed at the end."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from .world import World


@pytest.fixture(scope="session")
def joined() -> Iterator[World]:
    if os.geteuid() != 0:
        pytest.fail("these tests make network namespaces with real veth pairs: run them as root")
    with ExitStack() as cleanup:
        yield World(cleanup)


@pytest.fixture
def world(joined: World) -> World:
    joined.configure()
    return joined


@pytest.fixture
def fresh() -> Iterator[World]:
    """A separate world, without kernel state from other tests."""
    with ExitStack() as cleanup:
        yield World(cleanup, "b")
