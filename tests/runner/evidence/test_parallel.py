"""Running jobs in parallel."""

from __future__ import annotations

import threading
import time

from synthlab.errors import SynthlabError
from synthlab.runner.evidence.parallel import run_all


def fail(error: Exception) -> int:
    raise error


def late() -> int:
    time.sleep(0.2)
    return 1


def test_none_fails_the_others() -> None:
    """Results and problems are reported by name, in the order of the jobs."""
    jobs = {
        "late": late,
        "lab": lambda: fail(SynthlabError("client1 is gone")),
        "bug": lambda: fail(KeyError("x")),
        "soon": lambda: 2,
    }
    results, problems = run_all(jobs, 10)
    assert list(results.items()) == [("late", 1), ("soon", 2)]
    assert problems == {"lab": "client1 is gone", "bug": "KeyError: 'x'"}


def test_none_delays_the_others() -> None:
    """A job not done in time is abandoned; the others ran meanwhile."""
    forever = threading.Event()
    start = time.monotonic()
    results, problems = run_all({"hangs": forever.wait, "done": lambda: True}, 0.3)
    assert 0.3 <= time.monotonic() - start < 2
    forever.set()
    assert (results, problems) == ({"done": True}, {"hangs": "not done within 0.3 s"})
