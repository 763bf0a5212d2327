"""The parts of a scenario and of its plan. Objects are validated when they are created."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import NoReturn, Protocol

from ..errors import WrongUse
from ..stack import Stack
from .actions import Action, lasts_ns


@dataclass(frozen=True, slots=True)
class Place:
    """A position in a scenario file: file, line, and path within the file."""

    file: str
    line: int
    path: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"

    def wrong(self, what: str) -> NoReturn:
        """Raise WrongUse with the message `file:line: path: what`."""
        raise WrongUse(f"{self}: {self.path}: {what}")


@dataclass(frozen=True, slots=True)
class Timed:
    """An action and its due time in nanoseconds since its run began."""

    at_ns: int
    action: Action


@dataclass(frozen=True, slots=True, kw_only=True)
class StepPlan:
    """The planned work of one step. It takes `least_ns` to `most_ns`, or longer if its `tracks` do.

    The step waits only for the first of its `actions`; the others run in parallel with the steps that follow. `stays`:
    the names of the states that it walks through, each with the time from its start.
    """

    actions: tuple[Timed, ...] = ()
    tracks: tuple[Track, ...] = ()
    least_ns: int = 0
    most_ns: int = 0
    stays: tuple[tuple[int, str], ...] = ()


class Planner(Protocol):
    """Services for the step being planned."""

    @property
    def layer(self) -> str:
        """The layer of conditions this step changes; the same in every repetition."""
        ...

    @property
    def random(self) -> Random:
        """A generator seeded by the scenario's seed and the step's id."""
        ...

    def track(self, name: str, steps: Iterable[Step], times: int = 1) -> Track:
        """Plan nested steps, repeated `times` times."""
        ...


class Body(Protocol):
    """The parsed keys of one kind of step; `str` is one line for people."""

    def plan(self, planner: Planner) -> StepPlan: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One entry of a scenario. With `at_ns`, it starts that long after the last step without `at` finished.

    Otherwise it starts `after_ns` after all earlier steps finished. A step that changes conditions finishes as soon as
    they are in force; its later changes run in parallel with the next steps. `mark` names the moment it starts.
    """

    kind: str
    body: Body
    place: Place
    at_ns: int | None = None
    after_ns: int = 0
    mark: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """A timed script for the clients of a stack. Its plan must not exceed `timeout_ns`.

    `vars` are the values of the variables declared in the file or set with --var, and those of dotted keys of the stack
    that are set there; `environment` lists the names of those read from the environment. `file` is the file's name in
    messages, `source` its path.
    """

    name: str
    file: str
    stack: Stack
    stack_file: str
    steps: tuple[Step, ...]
    seed: int | None = None
    timeout_ns: int | None = None
    about: str | None = None
    vars: Mapping[str, str] = field(default_factory=dict)
    source: Path | None = field(default=None, compare=False)
    environment: tuple[str, ...] = field(default=(), compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class StepRun:
    """One execution of one step, starting `at_ns` after its block; a repeated step has several.

    Times of `actions` count from the start of the run, and `tracks` start with it. The run finishes when its first
    action and all tracks have finished and `least_ns` have passed; the other actions run in parallel with the next
    steps. `id` is unique within a plan and stable between plans of one scenario. `has_at`: the step has an `at`.
    """

    id: str
    at_ns: int
    kind: str
    text: str
    place: Place
    mark: str | None
    part: StepPlan
    has_at: bool = False

    @property
    def actions(self) -> tuple[Timed, ...]:
        return self.part.actions

    @property
    def tracks(self) -> tuple[Track, ...]:
        return self.part.tracks

    @property
    def over_ns(self) -> int:
        """When its own actions and everything they started are over, including what outlasts the run."""
        return max([self.part.most_ns, *(timed.at_ns + lasts_ns(timed.action) for timed in self.actions)])

    @property
    def least_ns(self) -> int:
        return max([self.part.least_ns, *(track.least_ns for track in self.tracks)])

    @property
    def most_ns(self) -> int:
        return max([self.part.most_ns, *(track.most_ns for track in self.tracks)])


@dataclass(frozen=True, slots=True)
class Block:
    """Runs timed from the start of the block. It finishes when all of them have."""

    runs: tuple[StepRun, ...]

    @property
    def least_ns(self) -> int:
        return max(run.at_ns + run.least_ns for run in self.runs)

    @property
    def most_ns(self) -> int:
        return max(run.at_ns + run.most_ns for run in self.runs)


@dataclass(frozen=True, slots=True)
class Track:
    """Consecutive blocks; each starts when the previous one has finished."""

    name: str
    blocks: tuple[Block, ...]
    least_ns: int = field(init=False)
    most_ns: int = field(init=False)

    def __post_init__(self) -> None:
        # Once, at the start: on demand, each level of steps would add up all levels below it again.
        object.__setattr__(self, "least_ns", sum(block.least_ns for block in self.blocks))
        object.__setattr__(self, "most_ns", sum(block.most_ns for block in self.blocks))
