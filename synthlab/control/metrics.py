"""Reads the metrics that clients, services and servers publish in Prometheus's text format, version 0.0.4.

Format: https://prometheus.io/docs/instrumenting/exposition_formats/
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from urllib.parse import SplitResult, urlsplit

from ..contract import HOST
from ..engine.api import EngineApi, Process
from ..engine.containers import Container
from ..engine.exec import output_of
from ..errors import SynthlabError
from .connections import is_near

TIMEOUT_S = 3.0
START_S = 10.0

_NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
_LABEL = re.compile(r'\s*([a-zA-Z_][a-zA-Z0-9_]*)\s*=\s*"((?:[^"\\\n]|\\.)*)"\s*,?')
_SAMPLE = re.compile(rf'\s*({_NAME})\s*(?:\{{((?:[^"}}]|"(?:[^"\\]|\\.)*")*)\}})?\s+(\S+)(?:\s+-?\d+)?\s*')
_ESCAPED = {"n": "\n"}


@dataclass(frozen=True, slots=True)
class Metrics:
    """Values by name with labels, such as `rooms{node="a"}`; or the `error` that prevented reading them."""

    values: Mapping[str, float]
    error: str | None = None


def metrics_urls(members: Sequence[Container]) -> Mapping[str, str]:
    """The URLs of a lab's metrics, by the name of the client, service or server that they are of."""
    return next((member.metrics for member in members if member.metrics), {})


def metrics_of(engine: EngineApi, members: Sequence[Container], name: str) -> Metrics:
    """The metrics of one client, service or server of a lab."""
    from http.client import HTTPException

    url = metrics_urls(members)[name]
    try:
        return Metrics(parse_metrics(_read(url, engine, members)))
    except (OSError, HTTPException, ValueError, SynthlabError) as error:  # everything else is still shown
        return Metrics({}, f"{url}: {error}")


def metrics_readers(engine: EngineApi, members: Sequence[Container]) -> dict[str, Callable[[], Metrics]]:
    """How to read the metrics of each name that has some."""
    return {name: partial(metrics_of, engine, members, name) for name in metrics_urls(members)}


def parse_metrics(text: str) -> dict[str, float]:
    """The samples in `text`. Infinite values and NaN are left out, because JSON cannot represent them.

    Raises ValueError with the first invalid line.
    """
    values = {}
    for line in text.splitlines():
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        sample = _SAMPLE.fullmatch(line)
        if sample is None:
            raise ValueError(f"not a metrics line: {line[:80]!r}")
        value = float(sample[3])
        if math.isfinite(value):
            values[_key(sample[1], sample[2] or "")] = value
    return values


def _key(name: str, labels: str) -> str:
    """The name with its labels sorted, so that a metric always has the same key."""
    pairs = sorted((label, re.sub(r"\\(.)", _unescaped, value)) for label, value in _LABEL.findall(labels))
    sorted_labels = ",".join(f'{label}="{value}"' for label, value in pairs)
    return f"{name}{{{sorted_labels}}}" if sorted_labels else name


def _unescaped(escaped: re.Match[str]) -> str:
    return _ESCAPED.get(escaped[1], escaped[1])


def _read(url: str, engine: EngineApi, members: Sequence[Container]) -> str:
    """The text at `url`, whatever the conditions.

    Of a host with conditions, it is read from inside its network. Any other container is read at its published port or
    address, or from inside, if its engine is not near. What is no host of the lab is requested from this machine.
    """
    from ..engine.guest.fetch import fetch

    parts = urlsplit(url)
    inner = parts._replace(netloc=f"{HOST}:{_port(parts)}").geturl()
    holder, server = _found(parts.hostname or "", members)
    if holder:
        return _output(engine.start_program(holder, "fetch", (inner, TIMEOUT_S)))
    if server is None:
        return fetch(url, TIMEOUT_S)
    if server.state != "running":
        raise OSError(f"{parts.hostname} is not running")
    if near := _near(server, _port(parts), members):
        return fetch(parts._replace(netloc=near).geturl(), TIMEOUT_S)
    return _output(engine.start_sidecar(server, "fetch", (inner, TIMEOUT_S)))


def _found(host: str, members: Sequence[Container]) -> tuple[Container | None, Container | None]:
    """The container of ours that holds a host's network, and the container that is the host, if there are such."""
    named = [one for one in members if host in (one.title.lower(), _service(one)) and not one.network_of]
    titles = {host, *(one.title for one in named)}
    holder = next((one for one in members if one.conditioned and one.network_name in titles), None)
    return holder, next(iter(named), None)


def _service(container: Container) -> str:
    """The service of a Compose project that a container is of; empty for other containers."""
    return container.app.lower() if container.role in ("service", "sfu") else ""


def _near(server: Container, port: int, members: Sequence[Container]) -> str | None:
    """Where this machine reaches a port of an unconditioned container; None if it does not, or nobody knows."""
    clients = (one for one in members if one.conditioned and one.state == "running")
    if not any(is_near(one) for one in list(clients)[:1]):
        return None
    # The media server's port is published by us; a service's own may be published elsewhere, or be one of UDP.
    if port in server.ports and (server.role == "sfu" or not server.address):
        return f"{HOST}:{server.ports[port]}"
    return f"{server.address}:{port}" if server.address else None


def _port(parts: SplitResult) -> int:
    return parts.port or (443 if parts.scheme == "https" else 80)


def _output(process: Process) -> str:
    return output_of(process, START_S + 2 * TIMEOUT_S)
