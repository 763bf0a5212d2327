"""Where a stack runs: on the machine of the engine, or on the nodes of a swarm."""

from __future__ import annotations

from dataclasses import replace

from ..engine.factory import ENGINES, SWARM
from ..errors import WrongUse
from ..stack import Stack, SwarmOptions


def on_engine(stack: Stack, engine: str | None, registry: str | None, option: str = "{}") -> Stack:
    """The stack for one of ENGINES, by default the first; `option` is how its user writes an option's name.

    Raises WrongUse.
    """
    where, pushed = option.format("engine"), option.format("registry")
    if engine not in (None, *ENGINES):
        raise WrongUse(f"{where}: {engine!r} is not one of {', '.join(ENGINES)}")
    if engine == SWARM:
        return replace(stack, swarm=SwarmOptions(registry))
    if registry:
        raise WrongUse(f"{pushed}: requires {where} {SWARM}")
    return stack
