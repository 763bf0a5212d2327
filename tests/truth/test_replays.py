"""Runs on recorded numbers: no verdict contradicts the frames that the page got."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from .played_run import Proof
from .replay import load, replayed

pytestmark = pytest.mark.issue(16)

RECORDINGS = Path(__file__).with_name("recordings.json.gz")
"""Of the real runs of tests/e2e/test_truth.py, which writes this file anew if SYNTHLAB_TRUTH_FILE names it."""
TIMES = 7


def test_replays(tmp_path: Path) -> None:
    """No false pass, no false fail, and the interval of a recovery has it in it in 99 of 100."""
    draw = random.Random(16)
    proof = Proof([replayed(tmp_path, one, draw) for one in load(RECORDINGS) for _ in range(TIMES)])
    print(f"\n{proof.table()}")
    assert len(proof.runs) >= 441
    assert [str(one) for one in (*proof.false_passes, *proof.false_fails, *proof.inconclusive)] == []
    covered, recoveries = proof.coverage
    assert covered >= 0.99 * recoveries > 0
    assert len(proof.either) <= 0.06 * len(proof.runs)
