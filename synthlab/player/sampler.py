"""Asks the clients of a lab once a second what they measure, beside whatever else goes on."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field

from ..errors import SynthlabError
from ..lab import LabClient
from ..metrics import Metrics
from ..scenario.expression import SAMPLE_S, Recorded
from ..scenario.measured import of_metrics, of_numbers, of_state
from ..state import ClientState
from .soundness import of_lateness

PATIENCE_S = 0.8
"""A round that takes longer ends without those who have not answered; what they say then counts for the next."""
MOST_AT_ONCE = 32


@dataclass(slots=True)
class Sampler:
    """Keeps what is measured in `recorded`, by the time that `now_s` shows.

    `clients` and `metrics` are asked for anew each round, for containers come and go. `heard` gets the state of
    each client that answered, with its time, in a thread of the sampler's.
    """

    clients: Callable[[], Sequence[LabClient]]
    now_s: Callable[[], float]
    recorded: Recorded = field(default_factory=Recorded)
    metrics: Callable[[], Metrics | None] = lambda: None
    heard: Callable[[float, str, ClientState], None] = lambda at_s, client, state: None
    _rounds: int = 0
    _ended: bool = False
    _turn: threading.Condition = field(default_factory=threading.Condition)
    _thread: threading.Thread | None = None

    def start(self) -> None:
        self._thread = threading.Thread(target=self._run, name="sampler", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End it; who waits for a round goes on."""
        with self._turn:
            self._ended = True
            self._turn.notify_all()
        if self._thread:
            self._thread.join()

    def next_round(self, timeout_s: float = 3 * SAMPLE_S) -> float:
        """Wait for the round that is going on, or for the next; the time at its end."""
        with self._turn:
            before = self._rounds
            self._turn.wait_for(lambda: self._rounds > before or self._ended, timeout_s)
            return self.now_s()

    def _run(self) -> None:
        with ThreadPoolExecutor(MOST_AT_ONCE, thread_name_prefix="sample") as pool:
            pending: dict[str, Future[None]] = {}
            start, turn = time.monotonic(), 0
            while not self._wait_until(start + turn * SAMPLE_S):
                self._ask_all(pool, pending)
                with self._turn:
                    self._rounds += 1
                    self._turn.notify_all()
                turn = max(turn + 1, int((time.monotonic() - start) / SAMPLE_S))

    def _wait_until(self, when: float) -> bool:
        """Whether it is to end."""
        with self._turn:
            return self._turn.wait_for(lambda: self._ended, max(when - time.monotonic(), 0.0))

    def _ask_all(self, pool: ThreadPoolExecutor, pending: dict[str, Future[None]]) -> None:
        asks: dict[str, Callable[[], None]] = {
            client.name: (lambda client=client: self._ask(client))  # type: ignore[misc]
            for client in self.clients()
        }
        asks[""] = self._ask_metrics
        for name, ask in asks.items():
            if name not in pending or pending[name].done():
                pending[name] = pool.submit(ask)
        wait([pending[name] for name in asks], PATIENCE_S)

    def _ask(self, client: LabClient) -> None:
        try:
            state, numbers = client.api.state(), client.api.numbers()
        except SynthlabError:
            return  # there is no sample then, which expectations tell as "no data"
        at_s, name = self.now_s(), client.name
        self.recorded.add(at_s, of_state(name, state) | of_numbers(name, numbers.answer) | of_lateness(name, state))
        self.heard(at_s, name, state)

    def _ask_metrics(self) -> None:
        if metrics := self.metrics():
            self.recorded.add(self.now_s(), of_metrics(metrics.values))
