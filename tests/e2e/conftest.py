"""Fixtures for all tests with containers."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from .pair import Traffic


@pytest.fixture(autouse=True)
def no_traffic_left() -> Iterator[None]:
    """Wait for traffic left over by a failed test, which would occupy the port of the next test."""
    yield
    for traffic in list(Traffic.unfinished):
        traffic.wait()
