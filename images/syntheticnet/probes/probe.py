"""A probe: what is requested again and again from this container, and how often. Described in JSON by the host."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import urlsplit

Kind = Literal["http", "tcp"]

_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True)
class Probe:
    """Of the service called `name`: a request for `target` over HTTP, or only a TCP connection."""

    name: str
    kind: Kind
    host: str
    port: int
    target: str
    tls: bool
    interval_s: float
    timeout_s: float

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Probe:
        """From `name`, `url` (of http, https or tcp), `interval_ms` and `timeout_ms`; raises ValueError or KeyError."""
        url = urlsplit(values["url"])
        port = url.port or _PORTS.get(url.scheme)
        if url.scheme not in (*_PORTS, "tcp") or not url.hostname or not port:
            raise ValueError(f"{values['url']!r} is not a URL such as http://web:8000/health or tcp://db:5432")
        return cls(
            name=values["name"],
            kind="tcp" if url.scheme == "tcp" else "http",
            host=url.hostname,
            port=port,
            target=url._replace(scheme="", netloc="", fragment="").geturl() or "/",
            tls=url.scheme == "https",
            interval_s=values["interval_ms"] / 1000,
            timeout_s=values["timeout_ms"] / 1000,
        )

    @property
    def authority(self) -> str:
        """Host and port as the `Host` of a request."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS["https" if self.tls else "http"] else f"{host}:{self.port}"


def read_probes(text: str) -> tuple[Probe, ...]:
    """The probes in a JSON list; raises ValueError with one line."""
    try:
        return tuple(Probe.from_dict(values) for values in json.loads(text or "[]"))
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"not a JSON list of probes: {type(error).__name__}: {error}") from None
