"""Text forms of a scenario's values: time spans, lists of names, changes of conditions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from syntheticnet.conditions import DIRECTIONS, condition_fields

from ..text.durations import format_duration


def span(least_ns: int, most_ns: int) -> str:
    """`28s..73s`, or `90s` if both are equal."""
    least = format_duration(least_ns)
    return least if least_ns == most_ns else f"{least}..{format_duration(most_ns)}"


def joined(names: Iterable[str]) -> str:
    return ", ".join(names)


def doc_text(change: Mapping[str, Any]) -> str:
    """A change of conditions on one line; identical directions are merged into `both`."""
    return "; ".join(_lines(change, "")) or "no change"


def _lines(change: Mapping[str, Any], prefix: str) -> Iterator[str]:
    links = {name: change[name] for name in DIRECTIONS if name in change}
    if len(links) == 2 and links["ingress"] == links["egress"]:
        yield f"{prefix}both {_values(links['egress'])}"
    else:
        yield from (f"{prefix}{name} {_values(values)}" for name, values in links.items())
    if "muted" in change:
        yield f"{prefix}{'muted' if change['muted'] else 'not muted'}"
    if "nat" in change:
        yield f"{prefix}nat {_nat(change['nat'])}"
    if "flows" in change and change["flows"] is None:
        yield "no flows"
    for name, flow in (change.get("flows") or {}).items():
        yield from _lines(flow, f"{name} ") if flow is not None else [f"no flow {name}"]
    if "dns" in change:
        yield from _lookups(change["dns"])
    if "order" in change:
        yield f"order {joined(change['order'])}"


def _lookups(dns: Mapping[str, Any] | None) -> Iterator[str]:
    if dns is None:
        yield "no dns"
    for name, values in (dns or {}).items():
        yield f"dns {name} {_values(values)}"


def _nat(written: str | Mapping[str, Any]) -> str:
    if isinstance(written, str):
        return written
    more = {name: value for name, value in written.items() if name != "kind"}
    return f"{written['kind']}, {_values(more)}"


def _values(values: Mapping[str, Any] | None) -> str:
    given = {name: value for name, value in (values or {}).items() if value is not None}
    cleared = [name for name in (values or {}) if name not in given]
    words = [f"{name} {str(value).lower() if isinstance(value, bool) else value}" for name, value in given.items()]
    # A profile clears every value that it does not set, and `netem` what its options replace: too many to list.
    few = [f"{name} none" for name in cleared] if len(cleared) < 4 else [_many(len(cleared), len(given))]
    return ", ".join(words + few) or "none"


def _many(cleared: int, given: int) -> str:
    """A word for many cleared values, beside those that are given."""
    if cleared + given < len(condition_fields()):
        return f"{cleared} {'others' if given else 'values'} none"
    return "all else none" if given else "none"
