"""Suggestions for flow expressions that are almost right: `udp`, `tcp:443`, `:3478`, `sfu/udp`."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from ipaddress import ip_network

ANY = ("*", "any", "all")
MOST_CHARACTERS = 200

_PORTS = r"[0-9]{1,5}(?:-[0-9]{1,5})?"
_LISTED = re.compile(rf"(.*?)({_PORTS}(?:\s*,\s*{_PORTS})+)")


def hint(written: object, protocols: Collection[str], fits: Callable[[str], bool]) -> str:
    """A suffix for an error message, such as `; did you mean *:udp?`; empty if no suggestion `fits`."""
    if not isinstance(written, str) or len(written) > MOST_CHARACTERS or "=" in written:
        return ""
    meant = [flow for flow in _meant(written.strip(), protocols) if fits(flow)]
    if len(meant) > 1:
        return f"; these are {len(meant)} flows: {' and '.join(meant)}"
    return f"; did you mean {meant[0]}?" if meant else ""


def _meant(written: str, protocols: Collection[str]) -> list[str]:
    listed = _LISTED.fullmatch(written)
    parts = [listed[1] + port.strip() for port in listed[2].split(",")] if listed else written.split(",")
    flows = [_sorted(part, protocols) for part in parts]
    meant = [flow for one in flows for flow in one] if all(flows) else []
    return meant if len(meant) == 1 or all(":" in flow for flow in meant) else []


def _sorted(written: str, protocols: Collection[str]) -> list[str]:
    """The flow made of these words in the right order; empty if two words claim the same position."""
    if network := _network(written):
        return [network]
    places: dict[str, list[str]] = {"host": [], "protocol": [], "ports": []}
    for word in filter(None, re.split(r"[:/\s]+", written)):
        lower = word.lower()
        place = "protocol" if lower in protocols else "ports" if re.fullmatch(_PORTS, word) else "host"
        places[place].append("*" if lower in ANY else lower if place == "protocol" else word)
    if not any(places.values()) or any(len(words) > 1 for words in places.values()):
        return []
    parts = [(words or ["*"])[0] for words in places.values()]
    while len(parts) > 1 and parts[-1] == "*":
        parts.pop()
    return [":".join(parts)]


def _network(text: str) -> str | None:
    """A corrected address or network: host bits cleared, IPv6 in brackets; None if it is neither."""
    try:
        network = ip_network(text, strict=False)
    except ValueError:
        return None
    written = str(network if "/" in text else network.network_address)
    return f"[{written}]" if network.version == 6 else written
