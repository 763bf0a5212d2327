"""The order and the names of runs, and the queue that hands them out."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from synthlab.cli.run_queue import Run, RunQueue, runs_of

from ..scenario.files import checked

pytestmark = pytest.mark.issue(14)


def runs(folder: Path, repeat: int, retries: int = 0, names: Sequence[str] = ("s.yaml",)) -> list[Run]:
    plan = checked(folder, "  - wait: 1s\n")
    return list(runs_of(names, [plan] * len(names), repeat, retries))


def test_runs(tmp_path: Path) -> None:
    """Each scenario once, then each once more; a repetition has the next seed, a turn, and a folder of its own."""
    made = runs(tmp_path, 2, names=("a", "b"))
    first = made[0].plan.seed
    assert [(run.number, run.given, run.plan.seed - first) for run in made] == [
        (0, "a", 0),
        (1, "b", 0),
        (2, "a", 1),
        (3, "b", 1),
    ]
    assert [run.title for run in made[1:3]] == ["s (1 of 2)", "s (2 of 2)"]
    assert [run.folder for run in made[1:3]] == ["s-1", "s-2"]


def test_retries(tmp_path: Path) -> None:
    """A retry has the seed and number of the run, and a folder of its own; there are only so many."""
    (run,) = runs(tmp_path, 1, retries=2)
    first = run.again()
    assert first
    assert (first.title, first.folder, first.number) == ("s (retry 1 of 2)", "s-retry-1", 0)
    assert first.plan is run.plan
    second = first.again()
    assert second
    assert second.folder == "s-retry-2"
    assert second.again() is None


def test_in_order(tmp_path: Path) -> None:
    """Runs are handed out in their order, and one that is put back comes next."""
    queue = RunQueue(runs(tmp_path, 3))
    first = queue.take()
    queue.done(again=first)
    assert [run.number for run in (queue.take(), queue.take(), queue.take()) if run] == [0, 1, 2]


def test_one_may_come_back(tmp_path: Path) -> None:
    """Whoever is free waits for the last run that is being played: it may be put back."""
    queue = RunQueue(runs(tmp_path, 1))
    run = queue.take()
    with ThreadPoolExecutor() as pool:
        other = pool.submit(queue.take)
        assert not other.done()
        queue.done(again=run)
        assert other.result(5) is run
        last = pool.submit(queue.take)
        queue.done()
        assert last.result(5) is None


def test_what_is_left(tmp_path: Path) -> None:
    """Runs that nobody has taken can be taken out, and then there are none."""
    queue = RunQueue(runs(tmp_path, 3))
    queue.take()
    assert [run.number for run in queue.clear()] == [1, 2]
    queue.done()
    assert queue.take() is None
