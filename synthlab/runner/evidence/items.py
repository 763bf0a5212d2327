"""Collects the kinds of evidence, one function each, from the lab's current state."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from ...control.group_change import LabClient
from ...control.page_console import console_lines
from ...control.running_lab import RunningLab
from ...engine.api import EngineApi
from ...engine.containers import Container, LogQuery
from ...errors import SynthlabError
from ...text.atomic_file import write_whole
from .for_report import MOST_LINES, Written
from .packet_ring import RingCapture
from .parallel import run_all
from .screenshots import Screenshot, screenshots

# Longer than the API's own limit of 5 s, whose error says more; shorter than COLLECT_S for all evidence.
ASK_S = 6.0
LOG_LINES = 10_000
PAUSED = "it is paused"


@dataclass(frozen=True, slots=True)
class Artifact:
    """One file: what it shows, its path in the evidence folder, and its content.

    `thumbnail` is the picture that it holds, if any, as a small JPEG in base64.
    """

    shows: str
    path: str
    content: bytes
    thumbnail: str = ""

    def write(self, folder: Path) -> None:
        """Write the file below `folder`; raises OSError."""
        file = folder / self.path
        file.parent.mkdir(parents=True, exist_ok=True)
        write_whole(file, self.content)


@dataclass(frozen=True, slots=True)
class Collected:
    """The files collected, a line for each item that is missing, and the latest of the lines in a log or console."""

    artifacts: Sequence[Artifact]
    problems: Sequence[str] = field(default_factory=tuple)
    lines: Sequence[Written] = field(default_factory=tuple)


def log_of(engine: EngineApi, container: Container) -> Collected:
    """The last LOG_LINES lines of a container's log, with times in UTC."""
    name, lines = container.title, list(engine.read_log(container, LogQuery(tail=LOG_LINES)))
    text = "".join(f"{time} {line}\n" for time, line in lines)
    latest = [Written(time, name, "log", line) for time, line in lines[-MOST_LINES:]]
    return Collected([Artifact(f"log of {name}", f"logs/{name}.log", text.encode())], lines=latest)


def console_of(client: LabClient) -> Collected:
    """The console of a browser's pages, with times in UTC."""
    name, lines = client.name, list(console_lines({client.name: client.api}, LogQuery()))
    text = "".join(f"{line.time} {line.text}\n" for line in lines)
    latest = [Written(line.time, name, "console", line.text) for line in lines[-MOST_LINES:]]
    return Collected([Artifact(f"console of {name}", f"logs/{name}-console.log", text.encode())], lines=latest)


def conditions_of(lab: RunningLab) -> Collected:
    """Each client's network state as its API reports it: conditions, counters, measured values."""
    answers = _answers(lab, lambda client: dict(client.api.state().answer))
    return Collected([Artifact("conditions of all clients", "conditions.json", _json(answers))])


def stats_of(lab: RunningLab) -> Collected:
    """Each client's WebRTC statistics, and the numbers that its application published."""
    answers = _answers(lab, lambda client: asdict(client.api.stats()))
    return Collected([Artifact("stats of all clients", "stats.json", _json(answers))])


def containers_of(members: Sequence[Container]) -> Collected:
    """Each container as the engine lists it: state, address, ports."""
    facts = {container.title: asdict(container) for container in members}
    return Collected([Artifact("containers", "containers.json", _json(facts))])


def packets_of(client: str, capture: RingCapture) -> Collected:
    """A client's last packets; a `problem` of the capture explains why earlier ones are missing."""
    file = Artifact(f"packets of {client}", f"captures/{client}.pcapng", capture.read())
    return Collected([file], [f"packets of {client}: {capture.problem}"] if capture.problem else [])


def paused_among(members: Sequence[Container]) -> dict[str, str]:
    """The clients that cannot answer because their containers are paused, and that as the reason."""
    return {one.network_name: PAUSED for one in members if one.conditioned and one.state == "paused"}


def pictures_of(
    engine: EngineApi,
    container: Container,
    take: Callable[[EngineApi, Container], list[Screenshot]] = screenshots,
) -> Collected:
    """A screenshot of each page of a client's browser; a crashed page is one of the problems, not an error."""
    client = container.title
    if container.state != "running":
        raise SynthlabError(f"not running ({container.status})")
    pictures = take(engine, container)
    artifacts = [
        Artifact(
            f"screenshot {number} of {client}", f"screenshots/{client}-{number}.png", picture.png, picture.thumbnail
        )
        for number, picture in enumerate(pictures, 1)
        if picture.png
    ]
    return Collected(artifacts, [f"screenshots of {client}: {one.url}: {one.error}" for one in pictures if not one.png])


def _answers(lab: RunningLab, ask: Callable[[LabClient], dict[str, Any]]) -> dict[str, Any]:
    """The answer of each client, or its `error`; a paused one is not asked."""
    paused = paused_among(lab.members)
    jobs = {client.name: lambda client=client: ask(client) for client in lab.find() if client.name not in paused}
    answers, problems = run_all(jobs, ASK_S)
    return answers | {name: {"error": problem} for name, problem in (problems | paused).items()}


def _json(value: Any) -> bytes:
    return json.dumps(value, indent=2).encode() + b"\n"
