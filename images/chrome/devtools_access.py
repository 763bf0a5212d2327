"""Access check for Chromium's DevTools port: programs on the host may use it, web pages may not.

DevTools gives full control of the browser. A request from a page can be recognized: the browser adds Origin to every
WebSocket and every readable request, Sec-Fetch-Site to all others, and under DNS rebinding the Host header holds the
attacker's name.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Self
from urllib.parse import urlsplit


@dataclass(frozen=True)
class Request:
    """The head of an HTTP request; header names are lower case."""

    line: str
    headers: Mapping[str, str]

    @classmethod
    def parse(cls, head: bytes) -> Self:
        """Raises ValueError if this is not an HTTP/1 request head."""
        line, *fields = head.decode("latin-1").rstrip("\r\n").split("\r\n")
        if not line.endswith((" HTTP/1.1", " HTTP/1.0")):
            raise ValueError(f"{line!r} is not a request")
        return cls(line, dict(map(_header, fields)))

    @property
    def upgrades(self) -> bool:
        """Whether this is a WebSocket upgrade."""
        return self.headers.get("upgrade", "").lower() == "websocket"

    @property
    def refusal(self) -> str | None:
        """Why the request is refused, in one line; None if it is allowed."""
        if "origin" in self.headers:
            return f"Origin {self.headers['origin']}: web pages may not use this port"
        if self.headers.get("sec-fetch-site", "none") != "none":
            return "web pages may not use this port"
        host = self.headers.get("host", "")
        if not _is_own_name(host):
            return f"Host {host!r} is not allowed: use an IP address or localhost"
        if int(self.headers.get("content-length") or 0) or "transfer-encoding" in self.headers:
            return "requests with a body are not supported"
        return None


def _header(field: str) -> tuple[str, str]:
    name, colon, value = field.partition(":")
    if not colon or not name or name != name.strip():
        raise ValueError(f"{field!r} is not a header")
    return name.lower(), value.strip()


def _is_own_name(host: str) -> bool:
    try:
        name = urlsplit(f"//{host}").hostname or ""
        return name == "localhost" or bool(ip_address(name))
    except ValueError:
        return False
