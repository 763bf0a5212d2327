"""Parses the conditions in a step (`ingress`, `egress`, `both`, `flows`) into a change in the API's form."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import Field
from typing import Any

from syntheticnet.conditions import (
    DIRECTIONS,
    FILE,
    LOOKUP_EXAMPLE,
    SWITCH,
    ConditionsError,
    FileValue,
    FlowMatch,
    LookupChange,
    file_values,
)

from ..errors import condition_meant
from ..stack import routers
from ..stack.hosts import refuse_flow
from ..stack.local_files import LocalFile, local_file, take_files
from ..stack.mistakes import Mistakes
from ..stack.netem import KEY
from ..stack.netem_keys import expand_link, read_netem
from ..stack.partial_change import merged
from ..stack.profiles import named_by
from ..stack.yaml import Node
from .conditions_schema import BOTH, CLEAR, DIRECTIONS_OF, SIDES, fields_by_name, keys_of_flow, reference
from .step_kind import Context, Key, StepArgs

Values = dict[str, Any]
ReadValue = Callable[[Node, "Field[Any]", Context], Any]


def by_direction(sides: Mapping[str, Values]) -> Values:
    """Values of sides as values of directions; those of `both` apply unless the direction itself has another."""
    links = Values()
    for side, directions in DIRECTIONS_OF.items():
        for direction in directions if side in sides else ():
            links[direction] = links.get(direction, {}) | sides[side]
    return links


def _values(node: Node, context: Context, read_value: ReadValue) -> Values:
    values, mistakes = Values(), Mistakes()
    if read_value is written:
        node = expand_link(node)
    for name, entry in node.mapping(what="a set of values such as {loss: 5%, latency: 80ms}").items():
        with mistakes.noted():
            if name not in fields_by_name():
                allowed = ", ".join(fields_by_name())
                entry.wrong(f"no such condition{condition_meant(name, fields_by_name())}; allowed: {allowed}")
            values[name] = read_value(entry, fields_by_name()[name], context)
    mistakes.report()
    return values


def read_flows(node: Node, context: Context, read_value: ReadValue, allowed: tuple[str, ...]) -> Values:
    """The flows of a change; null or `none` removes a flow."""
    flows, mistakes = Values(), Mistakes()
    for name, entry in node.mapping(what="flows such as {'*:udp': {egress: {loss: 5%}}}").items():
        with mistakes.noted():
            cleared = entry.value is None or entry.value == CLEAR
            flows[name] = None if cleared else _read_flow(name, entry, context, read_value, allowed)
    mistakes.report()
    return flows


def _read_flow(name: str, node: Node, context: Context, read_value: ReadValue, allowed: tuple[str, ...]) -> Values:
    keys = node.mapping(what="values such as {egress: {loss: 5%}}")
    own, sides, mistakes = Values(), dict[str, Values](), Mistakes()
    with mistakes.noted():
        node.refuse_unknown(allowed)
    with mistakes.noted():
        own |= {"match": keys["match"].text("a flow")} if "match" in keys else {}
        check_flow(keys.get("match", node), own.get("match", name), context)
    with mistakes.noted():
        own |= {"muted": read_muted(keys["muted"], context)} if "muted" in keys else {}
    for side in [side for side in SIDES if side in keys]:
        with mistakes.noted():
            sides[side] = _values(keys[side], context, read_value)
    if KEY in keys and KEY in allowed:
        with mistakes.noted():
            sides = above_netem(sides, read_netem(keys[KEY]).values)
    mistakes.report()
    return own | by_direction(sides)


def above_netem(sides: Mapping[str, Values], meant: Mapping[str, Any]) -> dict[str, Values]:
    """The values of sides above what a `netem` for both directions means."""
    return {**sides, BOTH: {**meant, **sides.get(BOTH, {})}}


def read_muted(node: Node, _: Context) -> bool:
    """Whether a flow or link is muted; null or `none` clears it."""
    if node.value is None or node.value == CLEAR:
        return False
    try:
        return bool(SWITCH.parse(node.value))
    except ValueError as error:
        node.wrong(str(error))


def read_nat(node: Node, _: Context) -> Any:
    """What a router does with addresses and ports, as the API takes it."""
    return routers.read_nat(node).to_written()


def read_order(node: Node, _: Context) -> list[str]:
    """The flows that a change puts first; whether they exist is known only when it is applied."""
    return [entry.text("a flow") for entry in node.items("a list of flows such as ['sfu:rtp', '*:udp']")]


def read_dns(node: Node, _: Context) -> Values | None:
    """What becomes of look-ups; null or `none` removes a name, or all of them."""
    if node.value is None or node.value == CLEAR:
        return None
    names, mistakes = Values(), Mistakes()
    for name, entry in node.mapping(what=f"a mapping of names such as {LOOKUP_EXAMPLE}").items():
        names[name] = None if entry.value == CLEAR else entry.plain()
        with mistakes.noted():
            try:
                LookupChange.parse({name: names[name]})
            except ConditionsError as error:
                node.wrong_at(ConditionsError(error.what, error.where.removeprefix("dns.")))
    mistakes.report()
    return names


def named_flows(node: Node) -> Iterator[str]:
    """The names of all flows with a `match` at any depth of `node`."""
    if isinstance(node.value, dict):
        for name, flow in node.value.items():
            if isinstance(flow.value, dict) and "match" in flow.value:
                yield name
    for entry in node.below():
        yield from named_flows(entry)


def check_flow(node: Node, expression: str, context: Context) -> None:
    """Raise WrongUse at `node` unless `expression` is a valid flow in this lab or the name of a declared one."""
    if expression in context.flows or not context.has_stack:
        return
    try:
        refuse_flow(FlowMatch.parse(expression), context.stack)
    except ValueError as error:
        node.wrong(str(error))


def written(node: Node, item: Field[Any], context: Context) -> Any:
    """One value of a change: as written in the file, None to clear it, or a LocalFile. Raises WrongUse."""
    unit = item.metadata["unit"]
    if node.value is None or node.value == CLEAR:
        return None
    try:
        if unit.name == FILE and (file := local_file(node.written, unit, node.wrong, context.folder)):
            return file
        # Parsed only to check it. The text goes to the client as written, which parses it once, for everybody.
        unit.parse(node.value)
    except ValueError as error:
        node.wrong(str(error))
    return node.value


def split_files(change: Mapping[str, Any]) -> tuple[Values, dict[str, str]]:
    """Replace each LocalFile by its name; also returns the contents by name. Raises WrongUse on a name clash."""
    files: dict[str, str] = {}

    def find(named: FileValue) -> LocalFile | None:
        return named.value if isinstance(named.value, LocalFile) else None

    return take_files(change, find, files), files


def profile_change(name: Node, context: Context) -> Values:
    """The change that applies a profile: every value of both directions. Files are relative to `context.folder`."""
    profile = named_by(name, context.folder)
    given = profile.conditions.to_dict()
    return {direction: _whole_link(given.get(direction, {}), profile.files, name) for direction in DIRECTIONS}


def _whole_link(given: Mapping[str, Any], files: Mapping[str, str], node: Node) -> Values:
    """Every value of a link, None where `given` has none, with file names resolved to LocalFiles."""
    named = [named for named in file_values(given) if named.value in files]
    own = {place[0]: LocalFile(value, files[value], node.wrong) for place, _, value in named}
    return dict.fromkeys(fields_by_name()) | dict(given) | own


def change_of(read: StepArgs, example: str) -> Values:
    """The change described by a step's keys for profile, link and flows; raises WrongUse if it is empty."""
    values = dict(read.values)
    if KEY in values:
        sides = {side: values[side] for side in SIDES if side in values}
        values |= above_netem(sides, read.get(KEY).values)
    change: Values = merged(read.get("profile", {}), link_change(values))
    change = merged(change, {key: read.get(key) for key in ("muted", "order", "dns", "nat") if key in read.values})
    return change or read.node.wrong(f"changes nothing; add values such as {example}")


def link_change(values: Mapping[str, Any]) -> Values:
    """The change described by what was read for the keys of `link_keys`."""
    change = by_direction({side: values[side] for side in SIDES if side in values})
    return change | {"flows": values["flows"]} if "flows" in values else change


def link_keys(read_value: ReadValue, values: str) -> dict[str, Key]:
    """The keys `ingress`, `egress`, `both` and `flows`; `values` is the name of the schema of a link's values."""

    def read(node: Node, context: Context) -> Values:
        return _values(node, context, read_value)

    helps = {
        "ingress": "values for traffic toward the client",
        "egress": "values for traffic away from the client",
        BOTH: "values for both directions",
    }
    keys = {side: Key(read=read, schema=reference(values), help=help) for side, help in helps.items()}
    keys["flows"] = Key(
        read=lambda node, context: read_flows(node, context, read_value, keys_of_flow(values, SIDES)),
        schema=reference(f"flows-of-{values}"),
        help="values for single flows, by flow expression",
    )
    return keys
