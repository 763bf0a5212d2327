"""Named sets of conditions with their sources: `wpt/3g` is the profile `3g` of stacks/profiles/wpt.yaml."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from syntheticnet.conditions import Conditions, ConditionsError

from . import assets
from .errors import WrongUse, did_you_mean
from .yamlfile import Node, read_yaml

DELAYS = ("one-way", "rtt")


@dataclass(frozen=True, slots=True)
class Profile:
    """Conditions from a source; `delay` says what the source's delay was: an rtt has been halved for each direction."""

    name: str
    conditions: Conditions
    source: str
    delay: str


@cache
def profiles() -> dict[str, Profile]:
    """All bundled profiles by name."""
    files = sorted((assets.stacks() / "profiles").glob("*.yaml"))
    return {profile.name: profile for file in files for profile in read_profiles(file)}


def profile(name: str) -> Profile:
    """The bundled profile of that name; raises WrongUse that names the nearest."""
    known = profiles()
    if name not in known:
        raise WrongUse(f"no such profile '{name}'{did_you_mean(name, known)}; there are: {', '.join(known)}")
    return known[name]


def read_profiles(file: Path) -> Iterator[Profile]:
    """The profiles of one file, named after it; raises WrongUse."""
    top = read_yaml(file, file.name, {})
    keys = top.mapping(("source", "delay", "profiles"))
    for key in ("source", "delay", "profiles"):
        if key not in keys:
            top.wrong(f"has no {key}")
    delay = keys["delay"].text()
    if delay not in DELAYS:
        keys["delay"].wrong(f"{delay!r} is not one of {', '.join(DELAYS)}")
    for name, node in keys["profiles"].mapping().items():
        yield Profile(f"{file.stem}/{name}", read_conditions(node), keys["source"].text(), delay)


def read_conditions(node: Node, base: Conditions | None = None) -> Conditions:
    """Conditions in their native form, put into `base`; a mistake is told with its line."""
    try:
        return (base or Conditions()).changed(node.plain())
    except ConditionsError as error:
        node.wrong_at(error)
