"""A change of conditions, parsed once and applied by `Conditions.changed` any number of times."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from .dns import LookupChange
from .errors import ConditionsError, refuse_unknown
from .flow_change import DIRECTIONS, FlowChange, LinkChanges, parse_flows, parse_links, parse_muted
from .nat import Nat
from .states import NetworkState, parse_states

_KEYS = (*DIRECTIONS, "muted", "flows", "order", "states", "state", "dns", "nat", "seed")


@dataclass(frozen=True, slots=True, kw_only=True)
class ConditionsChange:
    """A partial change of one client's conditions; None removes a flow, `clears_flows` first removes all.

    `muted` is of the link, and None keeps it. The flows named in `order` go first, in this order. `states` replace all
    states if it `sets_states`; none end the walk. `state` is the one that the walk begins with. `nat` replaces all of
    it, and None keeps it.
    """

    links: LinkChanges = field(default_factory=dict)
    flows: Mapping[str, FlowChange | None] = field(default_factory=dict)
    clears_flows: bool = False
    order: tuple[str, ...] = ()
    muted: bool | None = None
    sets_states: bool = False
    states: tuple[NetworkState, ...] = ()
    state: str | None = None
    dns: LookupChange = field(default_factory=LookupChange)
    nat: Nat | None = None
    sets_seed: bool = False
    seed: int | None = None

    @classmethod
    def of(cls, change: object) -> ConditionsChange:
        """A written or already parsed change; raises ConditionsError."""
        return change if isinstance(change, ConditionsChange) else cls.parse(change)

    @property
    def sets_walk(self) -> bool:
        """Whether it says what the walk between states is."""
        return self.sets_states or self.state is not None

    @classmethod
    def parse(cls, written: object) -> ConditionsChange:
        if not isinstance(written, Mapping):
            raise ConditionsError(f"{written!r} is not a mapping with {', '.join(_KEYS[:-1])} or {_KEYS[-1]}")
        refuse_unknown(written, _KEYS)
        flows = written.get("flows", {})
        return cls(
            links=parse_links(written),
            flows={} if flows is None else parse_flows(flows),
            clears_flows=flows is None,
            order=_parse_order(written.get("order", [])),
            muted=parse_muted(written),
            sets_states="states" in written,
            states=_parse_states(written.get("states")),
            state=_parse_state(written["state"]) if "state" in written else None,
            dns=LookupChange.parse(written["dns"]) if "dns" in written else LookupChange(),
            nat=Nat.parse(written["nat"]) if "nat" in written else None,
            sets_seed="seed" in written,
            seed=_parse_seed(written.get("seed")),
        )


def _parse_order(written: object) -> tuple[str, ...]:
    if not isinstance(written, list | tuple) or not all(isinstance(name, str) for name in written):
        raise ConditionsError(f"{written!r} is not a list of flows such as ['sfu:rtp', '*:udp']", "order")
    for name, count in Counter(written).items():
        if count > 1:
            raise ConditionsError(f"{name!r} is listed {count} times; list each flow once", "order")
    return tuple(written)


def _parse_states(written: object) -> tuple[NetworkState, ...]:
    try:
        return () if written is None else parse_states(written)
    except ConditionsError as error:
        raise error.under("states") from None


def _parse_state(written: object) -> str:
    if not isinstance(written, str):
        raise ConditionsError(f"{written!r} is not the name of a state such as good", "state")
    return written


def _parse_seed(value: object) -> int | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 2**63:
        raise ConditionsError(f"{value!r} is not a whole number from 0 to 2^63-1", "seed")
    return value
