"""Runs several jobs at once; none can fail or delay the others."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Mapping
from typing import TypeVar

from ...errors import SynthlabError

T = TypeVar("T")


def run_all(jobs: Mapping[str, Callable[[], T]], seconds: float) -> tuple[dict[str, T], dict[str, str]]:
    """The results of the jobs, and the errors of those without one, both by name and in the jobs' order.

    A job not done after `seconds` is abandoned: its daemon thread ends with the program.
    """
    done: queue.Queue[tuple[str, T | None, str]] = queue.Queue()
    for name, job in jobs.items():
        threading.Thread(target=_do, args=(name, job, done), daemon=True).start()
    deadline = time.monotonic() + seconds
    results: dict[str, T] = {}
    problems = dict.fromkeys(jobs, f"not done within {seconds:g} s")
    for _ in jobs:
        try:
            name, result, problem = done.get(timeout=max(deadline - time.monotonic(), 0))
        except queue.Empty:
            break
        if result is None:
            problems[name] = problem
        else:
            results[name] = result
            del problems[name]
    return {name: results[name] for name in jobs if name in results}, problems


def _do(name: str, job: Callable[[], T], done: queue.Queue[tuple[str, T | None, str]]) -> None:
    try:
        done.put((name, job(), ""))
    except SynthlabError as error:
        done.put((name, None, error.message))
    except Exception as error:  # whatever it is, keep the other evidence
        done.put((name, None, f"{type(error).__name__}: {error}"))
