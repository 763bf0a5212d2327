"""What holds for all tests with containers."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from .pair import Traffic


@pytest.fixture(autouse=True)
def no_traffic_left() -> Iterator[None]:
    """Wait for the traffic that a failed test leaves behind: it would hold the port that the next test needs."""
    yield
    for traffic in list(Traffic.unfinished):
        traffic.wait()
