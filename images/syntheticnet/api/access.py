"""Who may ask the API for what: the host everything, the application its own stats, everyone else nothing."""

from __future__ import annotations

from collections.abc import Collection, Container, Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import SplitResult, urlsplit

READING = frozenset({"GET", "HEAD"})
FOR_APPLICATIONS = frozenset({"/v1/stats", "/v1/console"})


@dataclass(frozen=True)
class AccessCheck:
    """`hosts` are the addresses that may do everything: that of the host, and those that the stack allows.

    `names` are further host names to answer to, `origins` those of pages that may ask.
    """

    hosts: Container[str]
    names: Collection[str] = ()
    origins: Collection[str] = ()

    def refusal(self, peer: str, method: str, path: str, headers: Mapping[str, str]) -> str | None:
        """Why a request is refused, in one line; None where it is allowed."""
        if not (peer in self.hosts or _is_loopback(peer)):
            return f"{peer} may not use this API: only the host that runs the lab may"
        host = headers.get("host", "")
        if not self._is_own_name(host):
            return f"host name {host!r} is not answered to: use an IP address or localhost"
        origin = headers.get("origin")
        if origin is not None and origin not in self.origins and _split(origin).netloc != host:
            return f"a page from {origin} may not use this API"
        if peer not in self.hosts and method not in READING and path not in FOR_APPLICATIONS:
            return "the application in the container may not change its own network"
        return None

    def _is_own_name(self, host: str) -> bool:
        """Any address will do; a name might be one that an attacker lets point here (DNS rebinding)."""
        name = _split(f"//{host}").hostname or ""
        return name in ("localhost", *self.names) or _is_address(name)


def _split(url: str) -> SplitResult:
    """The parts of a URL; all empty where it is none."""
    try:
        return urlsplit(url)
    except ValueError:
        return urlsplit("")


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def _is_loopback(text: str) -> bool:
    return _is_address(text) and ip_address(text).is_loopback
