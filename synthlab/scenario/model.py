"""What a scenario consists of, as read from its file; an object that exists is valid."""

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
    """Where something stands: file, line, and path within the file."""

    file: str
    line: int
    path: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"

    def wrong(self, what: str) -> NoReturn:
        """Raise WrongUse that reads `file:line: path: what`."""
        raise WrongUse(f"{self}: {self.path}: {what}")


@dataclass(frozen=True, slots=True)
class Timed:
    """An action, and when it is due: nanoseconds since its run began."""

    at_ns: int
    action: Action


@dataclass(frozen=True, slots=True, kw_only=True)
class StepPlan:
    """What one step does. The step is done between `least_ns` and `most_ns` after it began, and when its `tracks` are.

    The first of its `actions` must have happened by then; the others follow beside the next steps.
    """

    actions: tuple[Timed, ...] = ()
    tracks: tuple[Track, ...] = ()
    least_ns: int = 0
    most_ns: int = 0


class Planner(Protocol):
    """What a step plans with."""

    @property
    def layer(self) -> str:
        """The name of the layer of conditions that this playing of the step puts on its clients."""
        ...

    @property
    def random(self) -> Random:
        """Draws the same numbers each time that the same seed plans the same step."""
        ...

    def track(self, name: str, steps: Iterable[Step], times: int = 1) -> Track:
        """The plan of steps below this one, played so many times."""
        ...


class Body(Protocol):
    """What a step of one kind says; `str` of it is one line for people."""

    def plan(self, planner: Planner) -> StepPlan: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One entry of a scenario. With `at_ns` it begins so long after the last step without one was done.

    Without, it begins `after_ns` after all steps before it are done. A step that changes something is done when that is
    in force, whatever goes on beside the next ones. A `mark` is a name for the moment when it begins.
    """

    kind: str
    body: Body
    place: Place
    at_ns: int | None = None
    after_ns: int = 0
    mark: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """A timed script for the clients of a stack. `timeout_ns` is how long it may take at the most.

    `vars` are the variables that the file declares and those that were given, with the values that they have;
    `environment` are the names of those that it takes from the environment. `source` is the file itself.
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
    """One playing of one step, beginning `at_ns` after its block; in a repetition a step has several.

    Its `actions` are timed from its own beginning, and its `tracks` begin with it. It is done when the first action and
    all tracks are, and `least_ns` are over; the other actions follow beside the next steps. `id` is unique in the plan,
    and the same for the same scenario. `has_at` where its step has an `at`.
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
        """When all that it does itself is over, also what goes on or stays in force for a time beside later steps."""
        return max([self.part.most_ns, *(timed.at_ns + lasts_ns(timed.action) for timed in self.actions)])

    @property
    def least_ns(self) -> int:
        return max([self.part.least_ns, *(track.least_ns for track in self.tracks)])

    @property
    def most_ns(self) -> int:
        return max([self.part.most_ns, *(track.most_ns for track in self.tracks)])


@dataclass(frozen=True, slots=True)
class Block:
    """Runs whose times count from the block's beginning. It is done when all of them are."""

    runs: tuple[StepRun, ...]

    @property
    def least_ns(self) -> int:
        return max(run.at_ns + run.least_ns for run in self.runs)

    @property
    def most_ns(self) -> int:
        return max(run.at_ns + run.most_ns for run in self.runs)


@dataclass(frozen=True, slots=True)
class Track:
    """Blocks, each of which begins when the one before it is done."""

    name: str
    blocks: tuple[Block, ...]
    least_ns: int = field(init=False)
    most_ns: int = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "least_ns", sum(block.least_ns for block in self.blocks))
        object.__setattr__(self, "most_ns", sum(block.most_ns for block in self.blocks))
