"""The metrics that a media server publishes in Prometheus's text format, read from the host.

The format: https://prometheus.io/docs/instrumenting/exposition_formats/ (version 0.0.4).
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from urllib.parse import SplitResult, urlsplit

from ..contract import HOST, SFU_HOST
from ..engine.api import EngineApi
from ..engine.containers import Container
from ..engine.exec import PYTHON
from ..engine.process import Finished
from ..errors import SynthlabError
from .connections import is_near

TIMEOUT_S = 3.0
START_S = 10.0
MOST_BYTES = 8 << 20

_NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
_LABEL = re.compile(r'\s*([a-zA-Z_][a-zA-Z0-9_]*)\s*=\s*"((?:[^"\\\n]|\\.)*)"\s*,?')
_SAMPLE = re.compile(rf'\s*({_NAME})\s*(?:\{{((?:[^"}}]|"(?:[^"\\]|\\.)*")*)\}})?\s+(\S+)(?:\s+-?\d+)?\s*')
_ASK = f"import sys, urllib.request as u; print(u.urlopen(sys.argv[1], timeout={TIMEOUT_S}).read().decode())"
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
    if parts.hostname == SFU_HOST and (run := _inside(engine, members)):
        return _read_inside(run, parts._replace(netloc=f"{HOST}:{parts.port or 80}").geturl())
    from urllib.request import ProxyHandler, build_opener

    with build_opener(ProxyHandler({})).open(_from_host(parts, members), timeout=TIMEOUT_S) as answer:
        text: bytes = answer.read(MOST_BYTES)
    return text.decode("utf-8", "replace")


def _inside(engine: EngineApi, members: Sequence[Container]) -> Callable[..., Finished] | None:
    """What runs a command in the media server's network; None where its ports open here."""
    holder = next((member for member in members if member.network_of == SFU_HOST), None)
    if holder:
        return partial(engine.run_inside, holder.id)
    server = next((member for member in members if member.role == "sfu"), None)
    client = next((member for member in members if member.role == "client" and member.state == "running"), None)
    if server is None or client is None or is_near(client):
        return None
    return partial(engine.run_beside, server.id)


def _read_inside(run: Callable[..., Finished], url: str) -> str:
    lines: list[str] = []
    command = [PYTHON, "-I", "-c", _ASK, url]
    if run(command, on_line=lines.append, timeout_s=START_S + 2 * TIMEOUT_S).status != 0:
        raise OSError(lines[-1] if lines else "no answer")
    return "\n".join(lines)


def _from_host(parts: SplitResult, members: Sequence[Container]) -> str:
    """The address, with the lab's own media server replaced by the host's port that leads to it."""
    if parts.hostname != SFU_HOST:
        return parts.geturl()
    inner = parts.port or 80
    outer = [member.ports[inner] for member in members if member.role == "sfu" and inner in member.ports]
    if not outer:
        raise OSError("the media server does not run")
    return parts._replace(netloc=f"{HOST}:{outer[0]}").geturl()
