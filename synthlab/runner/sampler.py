"""Polls the clients of a lab for measurements in a thread: frequently for judged numbers, rarely for the others.

Rounds run at a fixed pace and never wait for a slow client: it keeps its pending poll, the round goes on without it,
and after PATIENCE_NS it counts as silent. One frozen client must not blind the expectations on all the others.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, field

from ..control.group_change import LabClient
from ..control.metrics import Metrics
from ..control.state import ClientState
from ..engine.clock import MACHINE, Clock
from ..errors import SynthlabError
from ..scenario.expression import Recorded, source_of
from ..text.durations import MS_NS, SECOND_NS, seconds_of
from .samples import (
    link_sources,
    metrics_source,
    number_sources,
    of_metrics,
    of_probes,
    of_state,
    of_stats,
    of_traffic,
    traffic_source,
)
from .underlay import of_underlay
from .validity import of_lateness

TICK_NS = 200 * MS_NS
"""The time between rounds: a little less than the 250 ms at which clients publish, so that none is missed."""
SPARSE_TICKS = 5
"""Every fifth round polls all sources; the others poll only sources of wanted numbers."""
PATIENCE_NS = SECOND_NS
"""A client that takes longer to answer has no data since the request; a late answer counts from its arrival."""
MOST_AT_ONCE = 32
METRICS_APART_NS = SECOND_NS
"""The least time between two requests for the same metrics: they may be long, and take a program in a container."""


@dataclass(slots=True)
class Poll:
    """One kind of request to one client: the sources it reports and how to send it, at most every `apart_ns`.

    `asked_ns` is the last time.
    """

    sources: Sequence[str]
    ask: Callable[[], None]
    apart_ns: int = 0
    asked_ns: int = 0
    answer: Future[None] | None = None

    @property
    def pending(self) -> bool:
        return self.answer is not None and not self.answer.done()

    def due(self, now_ns: int) -> bool:
        return self.answer is None or (self.answer.done() and now_ns - self.asked_ns >= self.apart_ns - TICK_NS // 2)


@dataclass(slots=True)
class Sampler:
    """Records measurements in `recorded` with times of `now_ns`; `clock` paces the rounds.

    `clients`, `metrics` and `traffic` are called every round, because containers and traffic come and go; `metrics` are
    functions that read those of one name, `traffic` what arrived of each flow by client and name. `heard` is called in
    one of the sampler's threads with the time and state of each client that answered.
    """

    clients: Callable[[], Sequence[LabClient]]
    now_ns: Callable[[], int]
    recorded: Recorded = field(default_factory=Recorded)
    metrics: Callable[[], Mapping[str, Callable[[], Metrics]]] = dict
    traffic: Callable[[], Mapping[str, Mapping[str, Sequence[float]]]] = dict
    heard: Callable[[int, str, ClientState], None] = lambda at_ns, client, state: None
    clock: Clock = MACHINE
    _wanted: Counter[str] = field(default_factory=Counter)
    _all: int = 0
    _polls: dict[tuple[str, str], Poll] = field(default_factory=dict)
    _rounds: int = 0
    _ended: bool = False
    _turn: threading.Condition = field(default_factory=threading.Condition)
    _thread: threading.Thread | None = None

    def start(self) -> None:
        self.recorded.fine = frozenset()
        self._thread = threading.Thread(target=self._run, name="sampler", daemon=True)
        self.clock.start(self._thread)

    def stop(self) -> None:
        """Stop sampling and release threads that wait for a round."""
        with self._turn:
            self._ended = True
            self._turn.notify_all()
        if self._thread:
            self._thread.join()

    @contextmanager
    def wanting(self, names: Iterable[str] | None = None) -> Iterator[None]:
        """Poll these numbers, or all if None, in every round within the block."""
        wanted = Counter(names)
        self._want(wanted, everything=names is None, sign=1)
        try:
            yield
        finally:
            self._want(wanted, everything=names is None, sign=-1)

    def next_round(self) -> int:
        """Wait for the end of the current or next round; returns the time. Raises SynthlabError after `stop`."""
        with self._turn:
            before = self._rounds
            self.clock.wait_for(self._turn, lambda: self._rounds > before or self._ended, seconds_of(3 * PATIENCE_NS))
            if self._ended:
                raise SynthlabError("sampling has stopped")
            return self.now_ns()

    def _want(self, names: Counter[str], everything: bool, sign: int) -> None:
        with self._turn:
            self._all += sign * everything
            for name, count in names.items():
                self._wanted[name] += sign * count
            self._wanted = +self._wanted
            self.recorded.fine = None if self._all else frozenset(self._wanted)

    def _run(self) -> None:
        with ThreadPoolExecutor(MOST_AT_ONCE, thread_name_prefix="sample") as pool:
            start, turn = self.clock.now_ns(), 0
            while not self._wait_until(start + turn * TICK_NS):
                self._ask(pool, everybody=turn % SPARSE_TICKS == 0)
                with self._turn:
                    self._rounds += 1
                    self._turn.notify_all()
                # Rounds that are missed are skipped: made up for, they would come in a burst and measure nothing new.
                turn = max(turn + 1, (self.clock.now_ns() - start) // TICK_NS)

    def _wait_until(self, when_ns: int) -> bool:
        """Wait until `when_ns`; returns whether sampling has been stopped."""
        with self._turn:
            left_ns = max(when_ns - self.clock.now_ns(), 0)
            return self.clock.wait_for(self._turn, lambda: self._ended, seconds_of(left_ns))

    def _ask(self, pool: ThreadPoolExecutor, everybody: bool) -> None:
        """Send the requests of this round, wait for half a tick at most, and record clients that are silent."""
        self._look_who_is_there()
        with self._turn:
            wanted = {source_of(name) for name in self._wanted}
            everybody |= self._all > 0
        unknown = wanted.difference(*(poll.sources for poll in self._polls.values()))
        # Of a source without a client, nobody else would report anything: an expectation on it would wait for ever.
        self.recorded.silence(self.now_ns(), self.now_ns(), unknown)
        for poll in self._polls.values():
            if poll.due(self.now_ns()) and (everybody or wanted.intersection(poll.sources)):
                poll.asked_ns, poll.answer = self.now_ns(), pool.submit(poll.ask)
        wait([poll.answer for poll in self._polls.values() if poll.answer and poll.pending], seconds_of(TICK_NS) / 2)
        now_ns = self.now_ns()
        for poll in self._polls.values():
            if poll.pending and now_ns - poll.asked_ns > PATIENCE_NS:
                self.recorded.silence(poll.asked_ns, now_ns, poll.sources)

    def _look_who_is_there(self) -> None:
        """Update the polls to the lab's current clients, keeping requests in flight."""
        polls: dict[tuple[str, str], Poll] = {}
        for client in self.clients():
            polls[client.name, "state"] = self._poll_state(client)
            if client.probes or not client.server:
                polls[client.name, "stats"] = self._poll_stats(client)
        for name, read in self.metrics().items():
            polls[name, "metrics"] = self._poll_metrics(name, read)
        for name in self.traffic():
            polls[name, "traffic"] = self._poll_traffic(name)
        for key, poll in self._polls.items():
            if key in polls:
                polls[key].asked_ns, polls[key].answer = poll.asked_ns, poll.answer
            else:
                self.recorded.silence(self.now_ns(), self.now_ns(), poll.sources)
        self._polls = polls

    def _poll_stats(self, client: LabClient) -> Poll:
        def ask() -> None:
            # Each request says that it is for a judgement: should we be killed, pictures come back by themselves.
            answer = client.api.stats(judged=True).answer
            at_ns = self.now_ns()
            if own:
                self.recorded.hear(at_ns, *of_stats(client.name, answer, at_ns))
            self.recorded.hear(at_ns, *of_probes(answer, client.probes, at_ns))

        own = [] if client.server else number_sources(client.name)
        return self._poll([*own, *client.probes], ask)

    def _poll_state(self, client: LabClient) -> Poll:
        def ask() -> None:
            seen = client.api.observe()
            state, at_ns, name = seen.state, self.now_ns(), client.name
            values = of_state(name, state) | of_lateness(name, state) | of_underlay(client, seen.clock)
            self.recorded.add(at_ns, values, link_sources(name))
            self.heard(at_ns, name, state)

        return self._poll(link_sources(client.name), ask)

    def _poll(self, sources: Sequence[str], ask: Callable[[], None]) -> Poll:
        """A poll whose failure records no data, which expectations then report."""

        def ask_or_silence() -> None:
            begin_ns = self.now_ns()
            try:
                ask()
            except SynthlabError:
                self.recorded.silence(begin_ns, self.now_ns(), sources)

        return Poll(sources, ask_or_silence)

    def _poll_traffic(self, client: str) -> Poll:
        source = traffic_source(client)

        def ask() -> None:
            self.recorded.add(self.now_ns(), of_traffic(client, self.traffic().get(client, {})), [source])

        return Poll([source], ask)

    def _poll_metrics(self, name: str, read: Callable[[], Metrics]) -> Poll:
        source = metrics_source(name)

        def ask() -> None:
            metrics = read()
            self.recorded.add(self.now_ns(), of_metrics(name, metrics.values), [source])

        return Poll([source], ask, METRICS_APART_NS)
