"""What is measured in a lab while a test of another program runs there, for the report if the test fails."""

from __future__ import annotations

import contextlib
import tempfile
import threading
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ..assets import own_version
from ..control.running_lab import RunningLab
from ..control.state import ClientState
from ..errors import SynthlabError
from ..lab.expectations import Expectations, known_of
from ..runner.evidence import Evidence
from ..runner.run_log import Configurations
from ..runner.session import samples_of
from ..scenario.record import Judged, Record
from ..text.durations import SECOND_NS, ns_of, seconds_of
from .failures import NotThere

_MS_PER_S = 1000
TOUCH_NS = 30 * SECOND_NS
"""How often sampling is prolonged."""


class WatchedTest:
    """Samples a lab from its creation to `close`, and keeps ten minutes. `name` and `file` are those of the test."""

    def __init__(self, lab: RunningLab, name: str, file: str) -> None:
        self._lab, self._name, self._file = lab, name, file
        self._configured = Configurations()
        self._touched_ns = 0
        self._started = datetime.now(UTC)
        self._expectations = Expectations(lab, known_of(lab), self._heard)

    def record(self, verdict: Any, reason: str, judged: Sequence[Mapping[str, Any]]) -> Record:
        """The test so far, as the record of a scenario; takes some seconds, in which it collects evidence.

        `judged` are its expectations as the request `watch/report` describes them.
        """
        lasted_ns, lab = self._expectations.now_ns(), self._lab
        facts = {"synthlab": own_version()}
        with contextlib.suppress(SynthlabError):
            facts |= lab.backend.engine.facts()
        return Record(
            scenario=self._name,
            file=self._file,
            stack="",
            lab=lab.name,
            seed=0,
            facts=facts,
            started=self._started.isoformat(timespec="microseconds"),
            duration_s=round(seconds_of(lasted_ns), 3),
            verdict=verdict,
            reasons=(reason,) if reason else (),
            clients=tuple(client.name for client in lab.callers()),
            judged=tuple(self._judged(number, one) for number, one in enumerate(judged, 1)),
            configured=self._configured.entries,
            samples=samples_of(self._expectations.recorded),
            **self._evidence(),
        )

    def close(self) -> None:
        self._expectations.close()

    def _heard(self, at_ns: int, client: str, state: ClientState) -> None:
        """Keep sampling, however long the test takes; runs in the sampler's threads."""
        self._configured.sampled(at_ns, client, state)
        if at_ns - self._touched_ns > TOUCH_NS:
            self._touched_ns = at_ns
            self._expectations.touch()

    def _judged(self, number: int, one: Mapping[str, Any]) -> Judged:
        asked_s, decided_s = (self._run_time(one[name]) for name in ("asked_ms", "decided_ms"))
        took_ms, held = one.get("took_ms"), one["verdict"] == "passed"
        return Judged(
            id=str(number),
            kind="expect",
            text=one["text"],
            place=self._file,
            verdict=one["verdict"],
            reason=one.get("reason", ""),
            asked_s=asked_s,
            decided_s=decided_s,
            within_s=None if one.get("within_ms") is None else one["within_ms"] / _MS_PER_S,
            for_s=one.get("for_ms", 0) / _MS_PER_S,
            took_s=None if took_ms is None else took_ms / _MS_PER_S,
            limit=self._expectations.limit(one["expression"], ns_of(asked_s), ns_of(decided_s), held),
        )

    def _run_time(self, epoch_ms: float) -> float:
        """Seconds since the start, within the time of the watch."""
        at_s = epoch_ms / _MS_PER_S - self._started.timestamp()
        return round(min(max(at_s, 0.0), self._expectations.now_ns() / SECOND_NS), 3)

    def _evidence(self) -> dict[str, Any]:
        """Thumbnails and lines of logs; the program attaches the files itself."""
        evidence = Evidence(self._lab.backend, self._lab.name)
        with tempfile.TemporaryDirectory(prefix="synthlab-watch-") as folder:
            try:
                evidence.collect(Path(folder))
            except SynthlabError:
                return {}
        return evidence.for_report.since(self._started) if evidence.for_report else {}


class WatchedTests:
    """The watches of one server, at most one for each lab."""

    def __init__(self) -> None:
        self._watches: dict[str, WatchedTest] = {}
        self._lock = threading.Lock()

    def begin(self, lab: RunningLab, name: str, file: str) -> None:
        """WatchedTest a lab from now on, in place of what was watched there before."""
        watch = WatchedTest(lab, name, file)
        with self._lock:
            before, self._watches[lab.name] = self._watches.get(lab.name), watch
        if before:
            before.close()

    def of(self, lab: str) -> WatchedTest:
        """Raises NotThere."""
        try:
            return self._watches[lab]
        except KeyError:
            raise NotThere(f"lab '{lab}' is not being watched") from None

    def end(self, lab: str) -> None:
        """Raises NotThere."""
        with self._lock:
            watch = self.of(lab)
            del self._watches[lab]
        watch.close()

    def close(self) -> None:
        for lab in list(self._watches):
            self.end(lab)
