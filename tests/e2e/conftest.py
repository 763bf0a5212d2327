"""Fixtures for all tests with containers."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from .pair import Pair, Traffic


@pytest.fixture(autouse=True)
def no_traffic_left() -> Iterator[None]:
    """Wait for traffic left over by a failed test, which would occupy the port of the next test."""
    yield
    for traffic in list(Traffic.unfinished):
        traffic.wait()


@pytest.fixture
def pair(lab: Pair) -> Iterator[Pair]:
    """The pair that the tests of a module share; each test changes client2, which is reset afterwards."""
    yield lab
    lab.reset()
