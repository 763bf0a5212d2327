"""Comparisons of two sides: false alarms, power, what is a regression, and the texts."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

import pytest

from synthlab.gate.comparison import ALPHA, ComparisonResult, compare
from synthlab.gate.comparison_text import comparison_lines, comparison_markdown, comparison_rows
from synthlab.gate.direction import worse_direction
from synthlab.scenario.actions import JudgeKind
from synthlab.scenario.record import Record

from .results import FPS, record

pytestmark = pytest.mark.issue(16)

RUNS, SPREAD = 8, 0.06
NUMBERS = 2
"""Numbers of a run in the simulation: `fps`, and the time of the recovery. The verdict is the same in all runs."""


def side(random: Random, fps: float = 20.0, failed: int = 0, scenario: str = "s", runs: int = RUNS) -> list[Record]:
    """Runs whose numbers vary by 6 % of their means (1 sigma); the first `failed` fail."""
    return [
        record(
            "failed" if number < failed else "passed",
            fps=random.gauss(fps, SPREAD * 20),
            took_s=random.gauss(2, SPREAD * 2),
            scenario=scenario,
        )
        for number in range(runs)
    ]


def compared(
    base: Sequence[Record], new: Sequence[Record], limit: float = 0.0, trend: bool = False
) -> ComparisonResult:
    return compare(base, new, ("v1", "v2"), trend, limit)


def test_equal_code() -> None:
    """Of 500 comparisons of equal code, at most 5 report any difference; 2 are expected."""
    random = Random(16)
    alarms = 0
    for _ in range(500):
        result = compared(side(random), side(random))
        alarms += any(one.p <= ALPHA for one in result.numbers) or result.verdicts[0].differs
        assert result.tests == NUMBERS
    assert alarms <= 5


def test_power() -> None:
    """A planted change of 20 % is found in at least 90 of 100 comparisons of 8 runs each, with a spread of 6 %."""
    random = Random(16)
    found = sum(bool(compared(side(random), side(random, fps=16.0)).regressions) for _ in range(100))
    assert found >= 90


def test_a_regression() -> None:
    """Less `fps` where more was expected is one; more is a difference, but none."""
    random = Random(1)
    worse = compared(side(random), side(random, fps=14.0))
    (found,) = worse.regressions
    assert (found.number.name, found.worse) == (FPS, "lower")  # type: ignore[union-attr]
    assert worse.exit_code == 1
    better = compared(side(random), side(random, fps=26.0))
    assert [one.differs for one in better.numbers if one.number.name == FPS] == [True]
    assert (better.regressions, better.exit_code) == ([], 0)


def test_the_limit() -> None:
    """A change that is real, but not above the limit, is no regression."""
    random = Random(2)
    base, new = side(random), side(random, fps=14.0)
    assert compared(base, new, limit=0.2).exit_code == 1
    result = compared(base, new, limit=0.5)
    assert result.exit_code == 0
    assert any(one.differs for one in result.numbers)


def test_verdicts() -> None:
    """Failing in all runs instead of none is a regression; in one of eight it is noise; and the way back is none."""
    random = Random(3)
    base, one, all_ = side(random), side(random, failed=1), side(random, failed=8)
    (verdict,) = compared(base, all_).verdicts
    assert (verdict.changed, verdict.regressed) == (True, True)
    (verdict,) = compared(base, one).verdicts
    assert (verdict.changed, verdict.differs) == (False, False)
    (verdict,) = compared(all_, base).verdicts
    assert (verdict.changed, verdict.regressed) == (True, False)


def test_inconclusive_runs() -> None:
    """They count for nothing; if too few others are left for anything to show, the result is inconclusive."""
    random = Random(4)
    doubted = [record("inconclusive")] * 3
    result = compared([*side(random), *doubted], side(random))
    assert (result.doubted, result.exit_code) == (3, 0)
    result = compared(side(random, runs=3), side(random, runs=3))
    assert (result.too_few, result.exit_code) == (["s"], 3)
    assert list(comparison_lines(result))[-2:] == ["s: too few judged runs for a difference to show", "inconclusive"]
    assert comparison_markdown(result).splitlines()[0].endswith(": inconclusive")
    result = compared(doubted, side(random))
    assert (result.too_few, result.exit_code) == (["s"], 3)
    result = compared([*side(random), *side(random, scenario="t")], [*side(random), *doubted])
    assert (result.alone, result.exit_code) == (("t",), 0)
    assert "t: not compared: only one side has it" in list(comparison_lines(result))
    assert compared(side(random), []).exit_code == 3


def test_several_scenarios() -> None:
    """Each is compared with itself, and all tests are corrected together."""
    random = Random(5)
    base = [*side(random), *side(random, scenario="t")]
    new = [*side(random), *side(random, fps=12.0, scenario="t")]
    result = compared(base, new)
    assert result.tests == 2 * NUMBERS
    assert [(one.scenario, one.number.name) for one in result.numbers if one.differs] == [("t", FPS)]


@pytest.mark.parametrize(
    ("kind", "text", "worse"),
    [
        ("expect", f"expect {FPS} >= 10 within 30s for 3s", "lower"),
        ("recovers", f"recovers {FPS} >= 80% of before within 15s", "lower"),
        ("never", f"never {FPS} < 2 for 20s", "lower"),
        ("expect", f"expect mean({FPS}, 5s) < 105% * 1mbit", "higher"),
        ("expect", f"expect 10 <= {FPS} for 3s", "lower"),
        ("expect", f"expect {FPS} > 5 and client1.video.client2.fps_other < 3", "lower"),
        ("expect", f"expect 10 <= {FPS} < 40", "either"),
        ("expect", f"expect not {FPS} < 5", "either"),
        ("expect", f"expect {FPS} == 15", "either"),
        ("expect", f"expect abs({FPS} - 15) < 3", "either"),
    ],
)
def test_directions(kind: JudgeKind, text: str, worse: str) -> None:
    """What an expectation wants more of is worse when it is lower; where that is not clear, any change counts."""
    (judged,) = record(kind=kind, text=text).judged
    assert worse_direction(judged, FPS) == worse
    assert worse_direction(judged, "took_s") == "higher"


def test_texts() -> None:
    """The rows name sides, change with interval, and what it is; Markdown has the same and no markup from outside."""
    random = Random(1)
    result = compare(side(random), side(random, fps=14.0), ("v|1", "<b>v2</b>"), True, 0.05)
    rows = list(comparison_rows(result))
    assert rows[0][:4] == ("s", "passed", "8 of 8", "8 of 8")
    assert rows[1][1] == f"{FPS} (the picture)"
    assert rows[1][4].startswith("-2")
    assert rows[1][4].count("%") == 3
    assert rows[1][-1] == "regression"
    text = comparison_markdown(result)
    assert text.startswith("### v\\|1 and \\<b\\>v2\\</b\\>: 1 regression beyond 5%\n\n| scenario |")
    assert "a trend: BASE and NEW were not run side by side" in text
    assert "exact permutation test of each number's mean" in text
    assert text.count("\n| ") == 2 + len(rows)
    assert result.to_dict()["regressions"] == 1
