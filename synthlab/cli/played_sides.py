"""Plays the two sides of `compare` in turns, and keeps each run before the next begins."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from ..control.backend import Backend
from ..errors import SynthlabError, WrongUse
from .plan_maker import PlanMaker, pull_images, refuse_unfit_lab
from .run_series import RunSeries
from .stored_runs import PlannedRun, StoredRuns, file_digests

if TYPE_CHECKING:
    from ..gate.run_store import RunStore
    from ..gate.sides import Kind, Side
    from ..scenario import Plan
    from ..scenario.record import Record


@dataclass(frozen=True, slots=True)
class _Turn:
    """The run `number` of all: that of one scenario's repetition on a side, 0 for BASE or 1 for NEW."""

    number: int
    maker: PlanMaker
    side: int
    repetition: int

    @property
    def pair(self) -> tuple[str, int]:
        """What it shares with the run of the other side that is played next to it."""
        return self.maker.name, self.repetition


class PlayedSides:
    """What is played for BASE and NEW: the runs of both take turns; a repetition has the same seed on both."""

    def __init__(
        self,
        backend: Backend,
        names: Sequence[str],
        variables: Mapping[str, str],
        stack: str | None,
        seed: int | None,
        allow_host: bool,
    ) -> None:
        if not names:
            raise WrongUse("--scenario: name a scenario to play, such as --scenario elevator")
        self._makers = [PlanMaker(backend, name, stack, seed, allow_host) for name in names]
        self._variables = variables
        self._seed = seed
        self._sides: dict[str, tuple[Side, Side]] = {}
        self.plans: list[Plan] = []

    def read(self, base: str, new: str, kind: Kind) -> None:
        """Read both sides and check their `plans`, of each scenario that of BASE and that of NEW. Raises WrongUse."""
        from ..gate.sides import read_sides
        from ..scenario import declared_variables

        for maker in self._makers:
            first, second = read_sides(base, new, kind, declared_variables(maker.name))
            self._sides[maker.name] = self._with_image(maker, first), self._with_image(maker, second)
        self.plans = [plan for maker in self._makers for plan in self._both(maker)]

    @property
    def described(self) -> dict[str, str]:
        """What is played on both, for the description of a store."""
        return {
            "--scenario": " ".join(maker.name for maker in self._makers),
            "--seed": "" if self._seed is None else str(self._seed),
            "--var": " ".join(f"{name}={value}" for name, value in self._variables.items()),
            **file_digests(self.plans),
        }

    def fit(self, lab: str | None, made_by: str) -> None:
        """Check that a lab that is up fits both sides, get their images, and mark those that are brought up.

        Raises WrongUse, and SynthlabError for an image that cannot be had. A command may make its side's images itself.
        """
        for maker in self._makers:
            refuse_unfit_lab(maker.backend, self._both(maker), lab)
            if not any(side.command for side in self._sides[maker.name]):
                pull_images(maker.backend, self._both(maker))
            maker.made_by = made_by

    def play(self, series: RunSeries, runs: int, store: RunStore) -> tuple[list[Record], list[Record]]:
        """The records of both sides, of which those that the store has are not played again.

        Of a pair that is incomplete both are: one that is left from before was not played side by side with the other.
        """
        turns = list(self._turns(runs))
        stored = StoredRuns([self._planned(turn) for turn in turns], store)
        incomplete = {turn.pair for turn in turns if not stored.is_judged(turn.number)}
        stored.play(series, [turn.number for turn in turns if turn.pair in incomplete])
        base, new = ([stored.records[turn.number] for turn in turns if turn.side == side] for side in (0, 1))
        return base, new

    def _turns(self, runs: int) -> Iterator[_Turn]:
        from ..gate.sides import abba

        orders = ((maker, side, repetition) for side, repetition in abba(runs) for maker in self._makers)
        for number, (maker, side, repetition) in enumerate(orders):
            yield _Turn(number, maker, side, repetition)

    def _planned(self, turn: _Turn) -> PlannedRun:
        side = self._sides[turn.maker.name][turn.side]
        plan = partial(self._plan, turn.maker, side, turn.repetition)
        name = self._plan(turn.maker, side, 0).scenario.name
        return PlannedRun(
            number=turn.number,
            text=f"{name}, {('BASE', 'NEW')[turn.side]} {side.text}",
            plan=plan,
            prepare=partial(_prepare, side),
        )

    def _both(self, maker: PlanMaker) -> list[Plan]:
        return [self._plan(maker, side, 0) for side in self._sides[maker.name]]

    def _plan(self, maker: PlanMaker, side: Side, repetition: int) -> Plan:
        return maker.plan({**self._variables, **side.variables}, side.stack_values, repetition, side.stack)

    def _with_image(self, maker: PlanMaker, side: Side) -> Side:
        """The side with the keys of the stack that have its image. Raises WrongUse if none has."""
        from ..stack.stack_values import images_of

        if side.kind != "image":
            return side
        scenario = maker.plan(self._variables, {}, 0).scenario
        keys = images_of(scenario.stack.source, side.repository) if scenario.stack.source else []
        if not keys:
            raise WrongUse(f"{scenario.stack_file}: has no image {side.repository}, whose tags are to be compared")
        return replace(side, stack_values=dict.fromkeys(keys, side.text))


def _prepare(side: Side) -> None:
    """Run the command of a side, if it has one. Raises SynthlabError if it fails."""
    from ..engine.process import run_attached

    if side.command and (status := run_attached(["sh", "-c", side.command])):
        raise SynthlabError(f"{side.command}: ended with status {status}")
