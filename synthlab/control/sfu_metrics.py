"""Reads the metrics that a media server publishes in Prometheus's text format, version 0.0.4.

Format: https://prometheus.io/docs/instrumenting/exposition_formats/
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from ..contract import HOST, SFU_HOST
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


def metrics_of(engine: EngineApi, members: Sequence[Container]) -> Metrics | None:
    """The metrics of a lab's media server; None if its stack defines none."""
    from http.client import HTTPException

    url = next((member.metrics for member in members if member.metrics), None)
    if url is None:
        return None
    try:
        return Metrics(parse_metrics(_read(url, engine, members)))
    except (OSError, HTTPException, ValueError, SynthlabError) as error:  # clients' stats are still shown
        return Metrics({}, f"{url}: {error}")


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
    """The text at `url`.

    Read from inside the network of a conditioned media server, so that conditions do not affect it, or of one whose
    ports do not open on this machine.
    """
    parts = urlsplit(url)
    inner = parts._replace(netloc=f"{HOST}:{parts.port or 80}").geturl()
    if parts.hostname == SFU_HOST and (process := _inside(engine, members, "fetch", (inner, TIMEOUT_S))):
        return output_of(process, START_S + 2 * TIMEOUT_S)
    from ..engine.guest.fetch import fetch

    return fetch(_from_host(parts, members), TIMEOUT_S)


def _inside(
    engine: EngineApi, members: Sequence[Container], program: str, arguments: Sequence[object]
) -> Process | None:
    """Start a program in the media server's network; None if its ports open on this machine."""
    holder = next((member for member in members if member.network_of == SFU_HOST), None)
    if holder:
        return engine.start_program(holder, program, arguments)
    server = next((member for member in members if member.role == "sfu"), None)
    client = next((member for member in members if member.role == "client" and member.state == "running"), None)
    if server is None or client is None or is_near(client):
        return None
    return engine.start_sidecar(server, program, arguments)


def _from_host(parts: SplitResult, members: Sequence[Container]) -> str:
    """The URL as reached from the host: the media server's name is replaced by its published port."""
    if parts.hostname != SFU_HOST:
        return parts.geturl()
    inner = parts.port or 80
    outer = [member.ports[inner] for member in members if member.role == "sfu" and inner in member.ports]
    if not outer:
        raise OSError("the media server is not running")
    return parts._replace(netloc=f"{HOST}:{outer[0]}").geturl()
