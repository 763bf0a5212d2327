"""Comparisons of real runs of the same code with each other."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from .equal_runs import COMPARISONS, MOST_ALARMS, comparisons, is_alarm, load

pytestmark = pytest.mark.issue(16)

RECORDED = Path(__file__).with_name("equal_runs.json.gz")
"""Written by tests/e2e/test_equal_runs.py if SYNTHLAB_EQUAL_FILE names it."""


def test_false_alarms() -> None:
    """Of 500 comparisons of sides drawn from at least 60 runs, at most 5 report any difference."""
    records = load(RECORDED)
    assert len(records) >= 60
    results = list(comparisons(records, Random(16)))
    assert len(results) == COMPARISONS
    assert all(one.tests >= 3 for one in results)
    assert sum(map(is_alarm, results)) <= MOST_ALARMS
