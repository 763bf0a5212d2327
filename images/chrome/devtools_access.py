"""Who may speak to Chromium's debugging port: programs of the host, and no web page whatever.

Whoever speaks to it can do all that the browser can. A page gives itself away: its browser sends an Origin with every
WebSocket and every request that it may read the answer of, a Sec-Fetch-Site with all others, and, where a foreign
name was made to point here (DNS rebinding), that name as the Host.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Self
from urllib.parse import urlsplit


@dataclass(frozen=True)
class Request:
    """The head of an HTTP request; names of headers are in lower case."""

    line: str
    headers: Mapping[str, str]

    @classmethod
    def parse(cls, head: bytes) -> Self:
        """Raises ValueError where it is none."""
        line, *fields = head.decode("latin-1").rstrip("\r\n").split("\r\n")
        if not line.endswith((" HTTP/1.1", " HTTP/1.0")):
            raise ValueError(f"{line!r} is not a request")
        return cls(line, dict(map(_header, fields)))

    @property
    def upgrades(self) -> bool:
        """Whether it asks for a WebSocket."""
        return self.headers.get("upgrade", "").lower() == "websocket"

    @property
    def refusal(self) -> str | None:
        """Why it is refused, in one line; None where it is allowed."""
        if "origin" in self.headers:
            return f"a page from {self.headers['origin']} may not use this port"
        if self.headers.get("sec-fetch-site", "none") != "none":
            return "a page may not use this port"
        host = self.headers.get("host", "")
        if not _is_own_name(host):
            return f"host name {host!r} is not answered to: use an IP address or localhost"
        if int(self.headers.get("content-length") or 0) or "transfer-encoding" in self.headers:
            return "a request with a body is not answered"
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
