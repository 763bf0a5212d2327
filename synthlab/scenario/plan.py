"""The plan of a scenario: every action with its time. The same scenario and seed give the same plan."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from random import Random

from ..text.durations import format_duration
from .model import Block, Scenario, Step, StepRun, Track
from .timeline import played_out_ns

MOST_RUNS = 20_000
_SEED_BITS = 63
SEEDS = 1 << _SEED_BITS
"""The number of possible seeds."""


@dataclass(frozen=True, slots=True)
class Visit:
    """A run with its nesting depth, its track, and its earliest and latest start."""

    run: StepRun
    depth: int
    track: str
    earliest_ns: int
    latest_ns: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Everything a player does for a scenario, and how long it takes.

    After the last step the player waits for timed changes and traffic to end, then drops what is still in force.
    """

    scenario: Scenario
    seed: int
    track: Track
    least_ns: int = field(init=False)
    most_ns: int = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "least_ns", played_out_ns(self.track))
        object.__setattr__(self, "most_ns", played_out_ns(self.track, late=True))

    @property
    def clients(self) -> tuple[str, ...]:
        return tuple(client.name for client in self.scenario.stack.clients)

    @property
    def client_seeds(self) -> dict[str, int]:
        """The `seed` of each client's conditions, applied before the first step."""
        # A text as seed gives the same numbers in every process; its `hash` would not.
        return {name: Random(f"{self.seed}/{name}").getrandbits(_SEED_BITS) for name in self.clients}

    def visits(self) -> Iterator[Visit]:
        """All runs, in the order of the file."""
        yield from _visits(self.track, 0, 0, 0)


def make_plan(scenario: Scenario, seed: int | None = None) -> Plan:
    """Plan a scenario; `seed` overrides its own. Raises WrongUse for too many steps or a plan beyond the timeout."""
    own = scenario.seed if seed is None else seed
    plan = Plan(scenario=scenario, seed=own or 0, track=_Maker(own or 0).track("", scenario.steps))
    _refuse_late(plan)
    return plan


def repeated(plan: Plan, number: int) -> Plan:
    """The plan for repetition `number`, counted from 0. Each uses the next seed, and so draws different numbers."""
    return make_plan(plan.scenario, (plan.seed + number) % SEEDS) if number else plan


@dataclass(frozen=True, slots=True)
class _Prefix:
    """Prefixes of the ids and layers of nested steps.

    Layers leave out the number of the repetition: a step that runs again replaces its earlier change instead of
    stacking a second lease on top of it.
    """

    id: str = ""
    layer: str = ""

    def below(self, part: str) -> _Prefix:
        return _Prefix(f"{self.id}{part}.", f"{self.layer}{part}.")

    def time(self, number: int) -> _Prefix:
        return _Prefix(f"{self.id}{number}.", self.layer)


class _Maker:
    """Builds the runs of one plan and limits their number."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._count = 0

    def track(self, name: str, steps: Iterable[Step], times: int = 1, prefix: _Prefix = _Prefix()) -> Track:
        blocks: list[Block] = []
        listed = list(steps)
        for time in range(times):
            blocks += self._blocks(listed, prefix.time(time + 1) if times > 1 else prefix)
        return Track(name, tuple(blocks))

    def _blocks(self, steps: list[Step], prefix: _Prefix) -> Iterator[Block]:
        """Group steps: consecutive steps with `at` share a block, every other step is a block by itself."""
        together: list[StepRun] = []
        for number, step in enumerate(steps, 1):
            run = self._run(step, prefix.below(str(number)))
            if step.at_ns is None:
                if together:
                    yield Block(tuple(together))
                    together = []
                yield Block((run,))
            else:
                together.append(run)
        if together:
            yield Block(tuple(together))

    def _run(self, step: Step, prefix: _Prefix) -> StepRun:
        self._count += 1
        if self._count > MOST_RUNS:
            step.place.wrong(f"exceeds {MOST_RUNS} steps, counting repetitions; repeat fewer times")
        id = prefix.id.removesuffix(".")
        part = step.body.plan(_StepPlanner(self, prefix, Random(f"{self._seed}/{id}")))
        at_ns = step.after_ns if step.at_ns is None else step.at_ns
        return StepRun(
            id=id,
            at_ns=at_ns,
            kind=step.kind,
            text=str(step.body),
            place=step.place,
            mark=step.mark,
            part=part,
            has_at=step.at_ns is not None,
        )


@dataclass(frozen=True, slots=True)
class _StepPlanner:
    """The Planner of one step."""

    maker: _Maker
    prefix: _Prefix
    random: Random

    @property
    def layer(self) -> str:
        return self.prefix.layer.removesuffix(".")

    def track(self, name: str, steps: Iterable[Step], times: int = 1) -> Track:
        return self.maker.track(name, steps, times, self.prefix.below(name) if name else self.prefix)


def _visits(track: Track, depth: int, earliest_ns: int, latest_ns: int) -> Iterator[Visit]:
    for block in track.blocks:
        for run in block.runs:
            begins = earliest_ns + run.at_ns, latest_ns + run.at_ns
            yield Visit(run, depth, track.name, *begins)
            for below in run.tracks:
                yield from _visits(below, depth + 1, *begins)
        earliest_ns += block.least_ns
        latest_ns += block.most_ns


def _refuse_late(plan: Plan) -> None:
    limit_ns = plan.scenario.timeout_ns
    for visit in plan.visits():
        ends_ns = visit.latest_ns + visit.run.over_ns
        if limit_ns is not None and ends_ns > limit_ns:
            visit.run.place.wrong(
                f"can take until {format_duration(ends_ns)}, beyond the timeout of {format_duration(limit_ns)}; "
                "shorten it or raise the timeout"
            )
