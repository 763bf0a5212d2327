"""Captures packets of impaired clients while a scenario runs, and collects all evidence when it fails."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path

from ...control.backend import Backend
from ...control.container_lookup import captured_network_of
from ...control.running_lab import RunningLab
from ...engine.containers import Container
from ...errors import SynthlabError
from ...text.atomic_file import write_whole
from .for_report import ForReport, now
from .items import (
    Artifact,
    Collected,
    conditions_of,
    console_of,
    containers_of,
    log_of,
    packets_of,
    paused_among,
    pictures_of,
    stats_of,
)
from .packet_ring import RingCapture, StartProgram
from .parallel import run_all
from .screenshots import has_browser

COLLECT_S = 10.0
PROBLEMS = "problems.txt"


class Evidence:
    """The evidence of one lab. Captures run in the clients until `close`, or until we exit, even by SIGKILL."""

    def __init__(self, backend: Backend, lab: str, run: StartProgram | None = None) -> None:
        self._backend = backend
        self._lab = lab
        self._run = run or backend.engine.start_program
        self._captures: dict[str, RingCapture] = {}
        self.for_report: ForReport | None = None
        """What the report shows of the evidence collected last."""

    def watch(self, clients: Iterable[str]) -> None:
        """Start capturing these clients' packets; errors are reported with the evidence."""
        for client in clients:
            if client not in self._captures:
                self._captures[client] = RingCapture(client, partial(self._network, client), self._run)

    def mark(self, text: str) -> None:
        """Mark this moment in all captures, as a packet with this text. Never blocks."""
        for capture in self._captures.values():
            capture.mark(text)

    def collect(self, folder: Path) -> dict[str, str]:
        """Write all evidence to a folder, within about ten seconds; returns relative paths by what they show.

        Each missing item is a line in `problems.txt`. Raises SynthlabError if the folder cannot be written.
        """
        begun = now()
        found, problems = self._gather()
        lines = [*(line for one in found for line in one.problems), *problems]
        try:
            folder.mkdir(parents=True, exist_ok=True)
            files, unwritten = _written([artifact for one in found for artifact in one.artifacts], folder)
            if lines := [*lines, *unwritten]:
                write_whole(folder / PROBLEMS, "".join(f"{line}\n" for line in lines))
        except OSError as error:
            raise SynthlabError(f"evidence cannot be written to {folder}: {error.strerror}") from None
        thumbnails = {
            artifact.shows: artifact.thumbnail for one in found for artifact in one.artifacts if artifact.thumbnail
        }
        self.for_report = ForReport(begun, thumbnails, [line for one in found for line in one.lines])
        return files | ({"missing evidence": PROBLEMS} if lines else {})

    def close(self) -> None:
        """Stop all captures. May be called again."""
        jobs = {client: partial(_close, capture) for client, capture in self._captures.items()}
        self._captures = {}
        run_all(jobs, COLLECT_S)

    def _gather(self) -> tuple[list[Collected], list[str]]:
        asked: dict[str, Callable[[], Collected]] = {}
        paused: dict[str, str] = {}
        # Packets come over connections that are open already: they are kept even if the engine no longer answers.
        lines = []
        try:
            _, members = self._backend.members(self._lab, past=True)
            asked, paused = self._asked(members), paused_among(members)
        except SynthlabError as error:
            lines = [error.message]
        lines += [f"packets of {client}: {paused[client]}" for client in self._captures if client in paused]
        jobs: dict[str, Callable[[], Collected]] = {
            f"packets of {client}": partial(packets_of, client, capture)
            for client, capture in self._captures.items()
            if client not in paused
        }
        found, problems = run_all(jobs | asked, COLLECT_S)
        return list(found.values()), [*lines, *(f"{name}: {problem}" for name, problem in problems.items())]

    def _asked(self, members: list[Container]) -> dict[str, Callable[[], Collected]]:
        lab = RunningLab(self._backend, self._lab, members)
        browsers = [one for one in members if has_browser(one)]
        return {
            "conditions": partial(conditions_of, lab),
            "stats": partial(stats_of, lab),
            "containers": partial(containers_of, members),
            **{f"screenshots of {one.title}": partial(pictures_of, self._backend.engine, one) for one in browsers},
            **{f"console of {one.title}": partial(console_of, lab.one(one.title)) for one in browsers},
            **{f"log of {one.title}": partial(log_of, self._backend.engine, one) for one in members},
        }

    def _network(self, client: str) -> Container:
        return captured_network_of(*self._backend.members(self._lab), client)


def _written(artifacts: Sequence[Artifact], folder: Path) -> tuple[dict[str, str], list[str]]:
    """Write the exhibits; returns the files written, in the same order, and a line for each that failed.

    The smallest are written first, so that they still fit on a disk that is almost full.
    """
    problems = {}
    for artifact in sorted(artifacts, key=lambda one: len(one.content)):
        try:
            artifact.write(folder)
        except OSError as error:
            problems[artifact.shows] = f"{artifact.shows}: {artifact.path} cannot be written: {error.strerror}"
    files = {artifact.shows: artifact.path for artifact in artifacts if artifact.shows not in problems}
    return files, list(problems.values())


def _close(capture: RingCapture) -> bool:
    capture.close()
    return True
