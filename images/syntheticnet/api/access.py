"""Access rules of the API: the host may do everything, the application may read and publish, others get nothing.

With self-control the application may do everything, too.
"""

from __future__ import annotations

from collections.abc import Collection, Container, Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import SplitResult, urlsplit

READING = frozenset({"GET", "HEAD"})
FOR_APPLICATIONS = frozenset({"/v1/stats", "/v1/console"})
PICTURES = "/v1/pictures/"


@dataclass(frozen=True)
class AccessCheck:
    """`hosts` are the addresses with full access: the host's, and those the stack allows.

    `names` are further accepted host names, `origins` the web origins whose pages may use the API. With `self_control`
    the application in the container, which is on loopback, may change its own network.
    """

    hosts: Container[str]
    names: Collection[str] = ()
    origins: Collection[str] = ()
    self_control: bool = False

    def refusal(self, peer: str, method: str, path: str, headers: Mapping[str, str]) -> str | None:
        """Why a request is refused, in one line; None if it is allowed."""
        # Only the peer address of the connection grants access, as anyone can forge a header.
        # Headers only take access away, from requests that a browser on the host sends for somebody else's page.
        if not (peer in self.hosts or _is_loopback(peer)):
            return f"{peer} may not use this API: only the host that runs the lab may"
        host = headers.get("host", "")
        if not self._is_own_name(host):
            return f"host name {host!r} is not accepted; use an IP address or localhost"
        origin = headers.get("origin")
        if origin is not None and origin not in self.origins and origin != f"http://{host}":
            return f"a page from {origin} may not use this API"
        if not self.may_change(peer) and method not in READING and not is_published(path):
            return "the application may not change its own network, unless the stack has `self_control: true`"
        return None

    def may_change(self, peer: str) -> bool:
        """Whether requests from this address may change conditions."""
        return peer in self.hosts or (self.self_control and _is_loopback(peer))

    def _is_own_name(self, host: str) -> bool:
        """Any IP address is accepted; other names may be an attacker's that resolve to this host (DNS rebinding)."""
        name = _split(f"//{host}").hostname or ""
        return name in ("localhost", *self.names) or _is_address(name)


def is_published(path: str) -> bool:
    """Whether the application may send something about itself to this path."""
    return path in FOR_APPLICATIONS or path.startswith(PICTURES)


def _split(url: str) -> SplitResult:
    """The parts of a URL; all empty if it is invalid."""
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
