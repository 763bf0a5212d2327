"""The metrics that a media server publishes in Prometheus's text format, read from the host.

The format: https://prometheus.io/docs/instrumenting/exposition_formats/ (version 0.0.4).
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
    """What was read, by name with labels, `rooms{node="a"}`; or why nothing could be read."""

    values: Mapping[str, float]
    error: str | None = None


def metrics_of(engine: EngineApi, members: Sequence[Container]) -> Metrics | None:
    """Those of the media server of a lab that has these containers; None where its stack names none."""
    from http.client import HTTPException

    url = next((member.metrics for member in members if member.metrics), None)
    if url is None:
        return None
    try:
        return Metrics(parse_metrics(_read(url, engine, members)))
    except (OSError, HTTPException, ValueError, SynthlabError) as error:  # the clients' stats do not depend on it
        return Metrics({}, f"{url}: {error}")


def parse_metrics(text: str) -> dict[str, float]:
    """The samples of a text; one that is infinite or no number is left out, for it is none that JSON or we know.

    Raises ValueError with the first line that is not of the format.
    """
    values = {}
    for line in text.splitlines():
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        sample = _SAMPLE.fullmatch(line)
        if sample is None:
            raise ValueError(f"not a line of metrics: {line[:80]!r}")
        value = float(sample[3])
        if math.isfinite(value):
            values[_key(sample[1], sample[2] or "")] = value
    return values


def _key(name: str, labels: str) -> str:
    """The name with its labels in order, so that the same number always has the same name."""
    pairs = sorted((label, re.sub(r"\\(.)", _unescaped, value)) for label, value in _LABEL.findall(labels))
    written = ",".join(f'{label}="{value}"' for label, value in pairs)
    return f"{name}{{{written}}}" if written else name


def _unescaped(escaped: re.Match[str]) -> str:
    return _ESCAPED.get(escaped[1], escaped[1])


def _read(url: str, engine: EngineApi, members: Sequence[Container]) -> str:
    """What is told there. The network of a conditioned media server is not gone through: it is asked from inside.

    So is one whose ports do not open on this machine.
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
    """A program that is started in the media server's network; None where its ports open here."""
    holder = next((member for member in members if member.network_of == SFU_HOST), None)
    if holder:
        return engine.start_program(holder, program, arguments)
    server = next((member for member in members if member.role == "sfu"), None)
    client = next((member for member in members if member.role == "client" and member.state == "running"), None)
    if server is None or client is None or is_near(client):
        return None
    return engine.start_sidecar(server, program, arguments)


def _from_host(parts: SplitResult, members: Sequence[Container]) -> str:
    """The address, with the lab's own media server replaced by the host's port that leads to it."""
    if parts.hostname != SFU_HOST:
        return parts.geturl()
    inner = parts.port or 80
    outer = [member.ports[inner] for member in members if member.role == "sfu" and inner in member.ports]
    if not outer:
        raise OSError("the media server does not run")
    return parts._replace(netloc=f"{HOST}:{outer[0]}").geturl()
