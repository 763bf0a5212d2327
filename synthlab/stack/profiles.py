"""Named sets of conditions with their sources: `wpt/3g` is the profile `3g` of stacks/profiles/wpt.yaml.

`mine/office.yaml#slow` is one in a user's file of the same format.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any, NoReturn

from syntheticnet.conditions import DIRECTIONS, Conditions, ConditionsError, Unit, condition_fields

from .. import assets
from ..errors import WrongUse, condition_meant, did_you_mean
from .local_files import take_local
from .mistakes import Mistakes
from .netem_keys import expand_network
from .yaml import Node, read_yaml

OWN = "#"
"""Separates a user's file from the profile in it."""

SUFFIXES = (".yaml", ".yml")

DELAYS = {"one-way": "one-way in the source too", "rtt": "a round trip in the source, halved for each direction"}
"""Kinds of delay in sources, and how each was converted."""

_NEEDED = ("source", "delay", "profiles")
_KEYS = (*_NEEDED, "licence", "remark")
_OF_FLOW = ("match", *DIRECTIONS, "muted")


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """Conditions from a source. `delay` is a key of DELAYS: the kind of delay in the source.

    `files`: contents of the traces and tables the conditions name.
    """

    name: str
    conditions: Conditions
    source: str
    delay: str
    licence: str | None = None
    remark: str | None = None
    files: Mapping[str, str] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Everything but the files."""
        origin = {name: getattr(self, name) for name in ("source", "licence", "delay", "remark")}
        return {"name": self.name, "conditions": self.conditions.to_dict()} | origin


@cache
def profiles() -> dict[str, Profile]:
    """All bundled profiles by name."""
    by_name: dict[str, Profile] = {}
    for file in sorted((assets.stacks() / "profiles").glob("*.yaml")):
        for short_name, profile in read_profiles(file, file.name).items():
            name = f"{file.stem}/{short_name}"
            by_name[name] = replace(profile, name=name)
    return by_name


def profiles_of(source: str) -> list[Profile]:
    """The bundled profiles of a source, such as `wpt`, or those of a file; raises WrongUse."""
    if Path(source).suffix in SUFFIXES:
        return list(read_profiles(Path(source), source).values())
    matches = [profile for name, profile in profiles().items() if name.partition("/")[0] == source]
    return matches or _refuse("no such source of profiles", source, sources())


def sources() -> list[str]:
    """Sources of the bundled profiles: the part of their names before the slash."""
    return list(dict.fromkeys(name.partition("/")[0] for name in profiles()))


def find_profile(name: str, folder: Path = Path()) -> Profile:
    """The bundled profile of that name, or one in a file (`office.yaml#slow`) relative to `folder`.

    Raises WrongUse with the closest name.
    """
    if OWN in name:
        file, _, short_name = name.rpartition(OWN)
        known = read_profiles(folder / file, file)
        return known[short_name] if short_name in known else _refuse(f"{file}: no such profile", short_name, known)
    if Path(name).suffix in SUFFIXES:
        raise WrongUse(f"'{name}' is a file: name a profile in it, such as {name}{OWN}slow")
    return profiles()[name] if name in profiles() else _refuse("no such profile", name, profiles(), _nearby(name))


def named_by(node: Node, folder: Path) -> Profile:
    """The profile a YAML value names; raises WrongUse with the line."""
    try:
        return find_profile(node.text("the name of a profile"), folder)
    except WrongUse as error:
        node.wrong(error.message)


def read_profiles(file: Path, shown_as: str) -> dict[str, Profile]:
    """The profiles of a file by name; raises WrongUse."""
    top = read_yaml(file, shown_as, {})
    keys = top.mapping(_KEYS, "a file with source, delay and profiles")
    for key in _NEEDED:
        if key not in keys:
            top.wrong(f"has no {key}")
    entries = keys["profiles"].mapping(what="profiles such as {slow: {egress: {rate: 1mbit}}}")
    return {name: _read(f"{shown_as}{OWN}{name}", node, keys, file.parent) for name, node in entries.items()}


def read_conditions(node: Node, base: Conditions | None = None) -> Conditions:
    """Conditions in native form, applied to `base`; raises WrongUse with the line of each mistake."""
    try:
        return (base or Conditions()).changed(node.plain())
    except ConditionsError as error:
        # The schema stops at its first mistake; this finds the others.
        mistakes = Mistakes()
        _note_values(node, mistakes)
        mistakes.report()
        node.wrong_at(error)


def _note_values(node: Node, mistakes: Mistakes) -> None:
    """Record every unknown key of a flow and invalid single value, so that they are reported together."""
    units = {item.metadata["name"]: item.metadata["unit"] for item in condition_fields()}
    for key, link in node.value.items():
        if key == "flows" and isinstance(link.value, dict):
            for flow in link.below():
                if isinstance(flow.value, dict):
                    with mistakes.noted():
                        flow.refuse_unknown(_OF_FLOW)
                    _note_values(flow, mistakes)
        elif key == "states" and isinstance(link.value, dict):
            for state in link.below():
                if isinstance(state.value, dict):
                    _note_values(state, mistakes)
        elif key in DIRECTIONS and isinstance(link.value, dict):
            for name, entry in link.value.items():
                with mistakes.noted():
                    _check_value(name, entry, units)


def _check_value(name: str, entry: Node, units: Mapping[str, Unit]) -> None:
    if name not in units:
        entry.wrong(f"no such condition{condition_meant(name, units)}; allowed: {', '.join(units)}")
    try:
        units[name].parse(entry.plain()) if entry.value is not None else None
    except ValueError as error:
        entry.wrong(str(error))


def _read(name: str, node: Node, top: Mapping[str, Node], folder: Path) -> Profile:
    """One profile; `top` are the keys of its file, which its own `delay` and `remark` override."""
    own = node.mapping((*DIRECTIONS, "delay", "remark"), "a profile such as {egress: {rate: 1mbit}}")
    files: dict[str, str] = {}
    links = {direction: own[direction] for direction in DIRECTIONS if direction in own}
    texts = {key: entry for key, entry in {**top, **own}.items() if key in ("source", "licence", "remark")}
    return Profile(
        name=name,
        conditions=read_conditions(take_local(expand_network(replace(node, value=links)), folder, files)),
        delay=_read_delay(own.get("delay", top["delay"])),
        files=files,
        **{key: entry.text() for key, entry in texts.items()},
    )


def _read_delay(node: Node) -> str:
    delay = node.text()
    if delay not in DELAYS:
        node.wrong(f"{delay!r} is not one of {', '.join(DELAYS)}")
    return delay


def _nearby(name: str) -> list[str]:
    """Profiles of the same source, or all sources if it is unknown: all profiles would be too many to list."""
    source = f"{name.partition('/')[0]}/"
    return [known for known in profiles() if known.startswith(source)] or [f"{known}/..." for known in sources()]


def _refuse(what: str, name: str, known: Collection[str], listed: Collection[str] = ()) -> NoReturn:
    raise WrongUse(f"{what} '{name}'{did_you_mean(name, known)}; there are: {', '.join(listed or known)}")
