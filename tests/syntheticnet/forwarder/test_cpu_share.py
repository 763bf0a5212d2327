"""The share of a processor that a process uses."""

from __future__ import annotations

import pytest

from syntheticnet.forwarder.cpu_share import CpuShare

SECOND = 10**9


@pytest.mark.issue(15)
def test_between_the_last_two_notes() -> None:
    """Not since the start; 0 before there are two."""
    cpu = CpuShare()
    assert cpu.share == 0.0
    cpu.note(5 * SECOND, 3 * SECOND)
    assert cpu.share == 0.0
    cpu.note(6 * SECOND, 3 * SECOND + SECOND // 4)
    assert cpu.share == 0.25
    cpu.note(8 * SECOND, 5 * SECOND + SECOND // 4)
    assert cpu.share == 1.0
