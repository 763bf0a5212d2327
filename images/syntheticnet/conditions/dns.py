"""What becomes of look-ups of names: `dns`, values by name, and changes of them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any

from .errors import ConditionsError, refuse_unknown
from .units import TIME

MOST_NAMES = 100
MOST_ADDRESSES = 8
"""So many of IPv6 fit into the 512 bytes of an answer over UDP (RFC 1035, 2.3.4), next to the longest name."""
MOST_DELAY_NS = 20 * 10**9
"""The kernel forgets a look-up over UDP after 30 s without an answer (nf_conntrack_udp_timeout)."""

NXDOMAIN, SERVFAIL, TIMEOUT = "nxdomain", "servfail", "timeout"
LOOKUP_WORDS = (NXDOMAIN, SERVFAIL, TIMEOUT)
LOOKUP_ANSWERS = f"{NXDOMAIN}, {SERVFAIL}, {TIMEOUT} (no answer at all), or addresses such as 10.0.0.9, fd00::9"
EVERY = "*"
LOOKUP_KEYS = ("delay", "answer")
LOOKUP_EXAMPLE = "{app.example: {delay: 3s}, '*': {answer: nxdomain}}"

_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")
_MOST_CHARACTERS = 253


@dataclass(frozen=True, slots=True, kw_only=True)
class LookupConditions:
    """The values of one name: its answers come `delay_ns` later, and are `answer` in place of the real ones.

    `answer` is one of `LOOKUP_WORDS`, or addresses as text, separated by commas.
    """

    delay_ns: int | None = None
    answer: str | None = None

    @property
    def addresses(self) -> tuple[IPv4Address | IPv6Address, ...]:
        """The addresses of a made-up answer; none without one."""
        if self.answer is None or self.answer in LOOKUP_WORDS:
            return ()
        return tuple(map(ip_address, self.answer.split(", ")))

    def to_dict(self) -> dict[str, str]:
        """The values that are set, in written form."""
        delay = {} if self.delay_ns is None else {"delay": TIME.format(self.delay_ns)}
        return delay | ({} if self.answer is None else {"answer": self.answer})


LookupValues = Mapping[str, LookupConditions]
"""By name: a whole name, `*.` with a name for all that end in it, or `*` for all others."""


@dataclass(frozen=True, slots=True)
class LookupChange:
    """A change of `dns`. An entry of None removes a name, a value of None clears it; `clears` first removes all."""

    entries: Mapping[str, Mapping[str, Any] | None] = field(default_factory=dict)
    clears: bool = False

    @classmethod
    def parse(cls, written: object) -> LookupChange:
        """Parse `{"app.example": {"delay": "3s"}}`; None removes all names. Raises ConditionsError."""
        if written is None:
            return cls(clears=True)
        if not isinstance(written, Mapping):
            raise ConditionsError(f"{written!r} is not a mapping of names such as {LOOKUP_EXAMPLE}", "dns")
        entries: dict[str, Mapping[str, Any] | None] = {}
        for name, values in written.items():
            try:
                key = _parse_name(name)
                if key in entries:
                    raise ConditionsError("is given twice; upper case and a dot at the end make no other name")
                entries[key] = None if values is None else _parse_values(values)
            except ConditionsError as error:
                raise error.under(f"dns.{name}") from None
        return cls(entries)

    def on(self, present: LookupValues) -> LookupValues:
        """The values after this change; a name without values is left out. Raises ConditionsError."""
        changed = {} if self.clears else dict(present)
        for name, values in self.entries.items():
            if name not in changed and not any(value is not None for value in (values or {}).values()):
                raise ConditionsError(f"no such name; existing names: {', '.join(changed) or 'none'}", f"dns.{name}")
            before = changed.pop(name, LookupConditions())
            own = {key: getattr(before, key) for key in LookupConditions.__slots__} | dict(values or {})
            if values is not None and any(value is not None for value in own.values()):
                changed[name] = LookupConditions(**own)
        return changed


def write_lookups(values: LookupValues) -> dict[str, dict[str, str]]:
    """`dns` in written form."""
    return {name: entry.to_dict() for name, entry in values.items()}


def applying_to(name: str, values: LookupValues) -> str | None:
    """The most specific of the names in `values` that covers this one (in lower case); None if none does."""
    if name in values:
        return name
    parent = name
    while parent:
        _, _, parent = parent.partition(".")
        if parent and f"{EVERY}.{parent}" in values:
            return f"{EVERY}.{parent}"
    return EVERY if EVERY in values else None


def _parse_name(written: object) -> str:
    text = written.lower().removesuffix(".") if isinstance(written, str) else ""
    name = text.removeprefix(f"{EVERY}.")
    valid = len(name) <= _MOST_CHARACTERS and all(map(_LABEL.fullmatch, name.split(".")))
    if text != EVERY and not valid:
        raise ConditionsError(f"{written!r} is not a name such as app.example, *.example or *")
    return text


def _parse_values(written: object) -> dict[str, Any]:
    """The values by attribute of LookupConditions."""
    if not isinstance(written, Mapping):
        raise ConditionsError(f"{written!r} is not a mapping of values such as {{delay: 3s}} or {{answer: nxdomain}}")
    refuse_unknown(written, LOOKUP_KEYS)
    if not written:
        raise ConditionsError("has no values; give a delay, an answer or both")
    values: dict[str, Any] = {}
    if "delay" in written:
        values["delay_ns"] = None if written["delay"] is None else parse_delay(written["delay"])
    if "answer" in written:
        values["answer"] = None if written["answer"] is None else parse_answer(written["answer"])
    return values


def parse_delay(written: object) -> int:
    """The delay of an answer in ns; raises ConditionsError."""
    try:
        delay_ns: int = TIME.parse(written)
    except ValueError as error:
        raise ConditionsError(str(error), "delay") from None
    if delay_ns > MOST_DELAY_NS:
        most = TIME.format(MOST_DELAY_NS)
        raise ConditionsError(f"{written!r} is not between 0ms and {most}; for no answer, answer: {TIMEOUT}", "delay")
    return delay_ns


def parse_answer(written: object) -> str:
    """An answer as LookupConditions has it; raises ConditionsError."""
    if written in LOOKUP_WORDS:
        return str(written)
    parts = written.split(",") if isinstance(written, str) else []
    try:
        addresses = list(dict.fromkeys(str(ip_address(part.strip())) for part in parts))
    except ValueError:
        addresses = []
    if not addresses or any("%" in address for address in addresses):
        raise ConditionsError(f"{written!r} is not {LOOKUP_ANSWERS}", "answer")
    if len(addresses) > MOST_ADDRESSES:
        raise ConditionsError(f"{len(addresses)} addresses; at most {MOST_ADDRESSES} are allowed", "answer")
    return ", ".join(addresses)
