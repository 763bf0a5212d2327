"""Sampling profiler: records the process's stack at every tick of its CPU time."""

from __future__ import annotations

import json
import os
import signal
from collections import Counter
from pathlib import Path
from types import FrameType
from typing import Any

TICK_S = 0.001


class Sampler:
    """Counts samples by function and line; writes them as JSON on SIGTERM.

    The handler runs between two bytecodes, so time in a system call is counted for the calling line.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._own: Counter[str] = Counter()
        self._all: Counter[str] = Counter()
        self._lines: Counter[str] = Counter()

    def start(self) -> None:
        signal.signal(signal.SIGPROF, self._look)
        signal.signal(signal.SIGTERM, self._end)
        signal.setitimer(signal.ITIMER_PROF, TICK_S, TICK_S)

    def _look(self, _: int, frame: FrameType | None) -> None:
        if frame is None:
            return
        self._own[_function(frame)] += 1
        self._lines[f"{_file(frame)}:{frame.f_lineno}"] += 1
        seen = set()
        while frame is not None:
            seen.add(_function(frame))
            frame = frame.f_back
        self._all.update(seen)

    def _end(self, *_: Any) -> None:
        signal.setitimer(signal.ITIMER_PROF, 0)
        self._file.write_text(json.dumps({"own": self._own, "all": self._all, "lines": self._lines}))
        os._exit(0)


def _function(frame: FrameType) -> str:
    return f"{_file(frame)} {frame.f_code.co_qualname}"


def _file(frame: FrameType) -> str:
    return "/".join(Path(frame.f_code.co_filename).parts[-2:])
