"""What a client's API tells of its network: conditions in force, counters, and what is achieved."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from syntheticnet.conditions import DIRECTIONS, Conditions


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkState:
    """Counters of one link or flow in one direction. `achieved` lacks what was not measured."""

    packets_in: int = 0
    bytes_in: int = 0
    packets_out: int = 0
    bytes_out: int = 0
    dropped: Mapping[str, int]
    held: int = 0
    duplicated: int = 0
    originated: int = 0
    achieved: Mapping[str, float]

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> LinkState:
        known = {name: values[name] for name in cls.__dataclass_fields__ if name in values}
        return cls(**({"dropped": {}, "achieved": {}} | known))


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientState:
    """One client's network as its API tells it; `answer` is that answer itself.

    `links` and each of `flows` map a direction to its counters; the flow `default` is all that no other flow takes.
    """

    conditions: Conditions
    restarts: int
    links: Mapping[str, LinkState]
    flows: Mapping[str, Mapping[str, LinkState]]
    answer: Mapping[str, Any]

    @classmethod
    def from_dict(cls, answer: Mapping[str, Any]) -> ClientState:
        return cls(
            conditions=Conditions.from_dict(answer["conditions"]),
            restarts=answer["forwarder"]["restarts"],
            links=_links(answer["links"]),
            flows={name: _links(flow) for name, flow in answer["flows"].items()},
            answer=answer,
        )


def _links(values: Mapping[str, Any]) -> dict[str, LinkState]:
    return {direction: LinkState.from_dict(values[direction]) for direction in DIRECTIONS if direction in values}
