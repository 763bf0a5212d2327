"""The flag `--dns` of `set`: what becomes of look-ups, `NAME=VALUE[,VALUE]`."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import ip_address
from typing import Annotated, Any, NoReturn

import typer

from syntheticnet.conditions import LOOKUP_WORDS, ConditionsError, LookupChange

from .condition_flags import CLEAR, refuse_flag

DnsOption = Annotated[
    list[str] | None,
    typer.Option(
        "--dns",
        metavar="NAME=VALUE",
        help="Look-ups of a name, '*.NAME' or '*': 3s, nxdomain, servfail, timeout, an address. Repeatable.",
    ),
]

_ALLOWED = f"a delay such as 3s, {', '.join(LOOKUP_WORDS)} or addresses; none removes it"


def read_dns(entries: Sequence[str]) -> dict[str, Any] | None:
    """The change of `dns` that the flag says; None removes all names. Raises WrongUse.

    >>> read_dns(["turn.example=3s,nxdomain", "*=none"])
    {'turn.example': {'delay': '3s', 'answer': 'nxdomain'}, '*': None}
    """
    if list(entries) == [CLEAR]:
        return None
    change: dict[str, Any] = {}
    for entry in entries:
        name, equals, values = entry.partition("=")
        if not equals or not values:
            _refuse(f"{entry!r} is not of the form NAME=VALUE, such as turn.example=nxdomain; none removes all")
        if name in change:
            _refuse(f"{name} is given more than once; separate its values by commas")
        change[name] = None if values == CLEAR else _read_values(name, values)
    try:
        LookupChange.parse(change)
    except ConditionsError as error:
        _refuse(f"{error.where.removeprefix('dns.')}: {error.what}")
    return change


def _read_values(name: str, written: str) -> dict[str, str]:
    values: dict[str, str] = {}
    for part in map(str.strip, written.split(",")):
        key = _key_of(part) or _refuse(f"{name}: {part!r} is not {_ALLOWED}")
        if key == "answer" and _is_address(part) and _is_address(values.get(key, "").partition(",")[0]):
            values[key] += f", {part}"
        elif key in values:
            _refuse(f"{name}: {values[key]} and {part} contradict each other; give one {key}")
        else:
            values[key] = part
    return values


def _key_of(part: str) -> str | None:
    if part in LOOKUP_WORDS or _is_address(part):
        return "answer"
    return "delay" if part[:1].isdigit() else None


def _is_address(text: str) -> bool:
    try:
        return bool(ip_address(text))
    except ValueError:
        return False


def _refuse(message: str) -> NoReturn:
    refuse_flag("dns", message)
