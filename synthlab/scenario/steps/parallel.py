"""`parallel`: play several tracks of steps at the same time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ...stack.yaml import Node
from .. import keys
from ..formatting import joined
from ..model import Planner, Step, StepPlan
from ..step_kind import Context, StepArgs, StepKind
from .repeat import STEPS_SCHEMA

MOST_TRACKS = 32


@dataclass(frozen=True, slots=True)
class Parallel:
    """Finishes when all tracks have."""

    tracks: Mapping[str, tuple[Step, ...]]

    def plan(self, planner: Planner) -> StepPlan:
        return StepPlan(tracks=tuple(planner.track(name, steps) for name, steps in self.tracks.items()))

    def __str__(self) -> str:
        return f"parallel: {joined(self.tracks)}"


def _read_tracks(node: Node, context: Context) -> dict[str, tuple[Step, ...]]:
    if isinstance(node.value, dict):
        named = node.mapping()
    else:
        entries = node.items("tracks such as {rates: [...], checks: [...]}, or a list of lists of steps")
        named = {str(number): entry for number, entry in enumerate(entries, 1)}
    if not 1 <= len(named) <= MOST_TRACKS:
        node.wrong(f"has {len(named)} tracks; expected 1 to {MOST_TRACKS}")
    return {name: context.read_steps(entry, context) for name, entry in named.items()}


def _build(read: StepArgs) -> Parallel:
    return Parallel(read.get("parallel"))


_SCHEMA = {
    "anyOf": [
        {"type": "object", "additionalProperties": STEPS_SCHEMA, "minProperties": 1},
        {"type": "array", "items": STEPS_SCHEMA, "minItems": 1},
    ]
}

KIND = StepKind(
    name="parallel",
    help="play tracks of steps at the same time",
    keys={"parallel": keys.plain(_read_tracks, _SCHEMA, "the tracks, by name or as a list")},
    build=_build,
)
