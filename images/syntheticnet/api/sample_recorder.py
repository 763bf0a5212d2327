"""The samples of the last two minutes, already written: a page that connects gets them at once."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Mapping
from typing import Any

from .event_stream import ServerEvent
from .samples import PanelValues, sample, set_values, shown_flows

SAMPLES = 120


class SampleRecorder:
    """Makes a sample of each report; only the reports of one recorder are compared with each other."""

    def __init__(self) -> None:
        self._samples: deque[bytes] = deque(maxlen=SAMPLES)
        self._before: Mapping[str, Any] | None = None
        self._conditions: Mapping[str, Any] | None = None
        self._set: PanelValues = {}

    def record(self, report: Mapping[str, Any], unix_ms: int) -> ServerEvent:
        # Parsing the conditions of 64 flows takes 10 ms, comparing them a quarter.
        if report["conditions"] != self._conditions:
            self._conditions = report["conditions"]
            self._set = set_values(self._conditions, shown_flows(report))
        written = json.dumps(sample(report, self._before, self._set, unix_ms)).encode()
        self._before = report
        self._samples.append(written)
        return ServerEvent("sample", lambda: written)

    def history(self) -> ServerEvent:
        samples = list(self._samples)
        return ServerEvent("history", lambda: b'{"samples": [%s]}' % b", ".join(samples))

    @property
    def is_empty(self) -> bool:
        return not self._samples
