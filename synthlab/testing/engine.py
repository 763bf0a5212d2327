"""A container engine in memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from ..contract import API_PORT, ContainerAction
from ..engine import labels
from ..engine.api import OnLine, Process, Tool, User
from ..engine.containers import Container, LogQuery
from ..engine.docker_engine import Engine
from ..engine.exec import PYTHON
from ..engine.images import ImageBuild, LocalImage
from ..engine.lab_access import LabAccess
from ..engine.listing import Member
from ..engine.process import Finished
from ..engine.swarm_tasks import SwarmNode
from ..errors import SynthlabError, WrongUse
from .containers import containers_of


class FakeEngine:
    """An EngineApi in memory that starts nothing: it has the given containers, and images by tag.

    Without `images` it has every image, each of them stale. Ports in `taken` are in use. `projects` are other Compose
    projects, `remade` services that Compose has made anew, `volumes` the names of volumes, `started` the times at which
    containers were started, `networks` are subnets with their networks' names, `swarm` the nodes of a swarm. `calls`
    lists the requested changes of images and labs in order, `composed` the Compose and stack files started. To make a
    lab fail, override `made_of` or any other
    method.
    """

    command = Engine.command
    advice = Engine.advice

    def __init__(self, containers: Iterable[Container] = (), images: Mapping[str, LocalImage] | None = None) -> None:
        self.present = list(containers)
        self.images = dict(images or {})
        self.taken: set[int] = set()
        self.calls: list[str] = []
        self.composed: list[str] = []
        self.controlled: list[tuple[ContainerAction, str]] = []
        self.tagged: list[tuple[str, str]] = []
        self.locked: set[str] = set()
        self.projects: dict[str, str] = {}
        self.remade: set[str] = set()
        self.volumes: set[str] = set()
        self.started: dict[str, float] = {}
        self.networks: dict[str, str] = {}
        self.swarm: list[SwarmNode] = []
        self._has_all = images is None

    def close(self) -> None:
        pass

    def nodes(self) -> list[SwarmNode]:
        return self.swarm

    def stack_deploy(self, project: str, rendered: str) -> None:
        self.calls.append(f"deploy {project}")
        self.composed.append(rendered)

    def make_access(self, image: str) -> tuple[LabAccess, str]:
        return LabAccess("token", "certificate"), "key and certificate"

    def put_secret(self, name: str, content: str, marks: dict[str, str]) -> None:
        self.calls.append(f"secret {name}")

    def put_config(self, name: str, content: str, marks: dict[str, str]) -> None:
        self.calls.append(f"config {name}")

    def access(self, lab: str) -> LabAccess | None:
        return None

    def version(self) -> str:
        return "20.10"

    def facts(self) -> dict[str, str]:
        return {"engine": "20.10"}

    def address(self) -> str:
        return "unix:///var/run/docker.sock"

    def folder(self) -> str:
        return "/"

    def is_free(self, port: int) -> bool:
        return port not in self.taken

    def has_command(self) -> bool:
        return True

    def tool_version(self, tool: Tool) -> str | None:
        return {"engine": "20.10", "compose": "2.40.3", "buildx": "0.30.1"}[tool]

    def labs(self) -> list[str]:
        return sorted({container.lab for container in self.present})

    def containers(self, lab: str | None = None) -> list[Container]:
        return [container for container in self.present if lab in (None, container.lab)]

    def members(self) -> list[Member]:
        return [Member(one.lab, one.client, one.group, one.role, one.ports.get(API_PORT)) for one in self.present]

    def logs(self, container: Container, lines: int = 20) -> list[str]:
        return [f"last line of {container.name}"][:lines]

    def last_probe(self, container: Container) -> list[str]:
        return [f"health check of {container.name}"]

    def read_log(self, container: Container, query: LogQuery) -> Iterator[tuple[str, str]]:
        lines = [(f"2026-01-01T00:00:0{number}Z", f"line {number} of {container.title}") for number in range(1, 4)]
        yield from lines[len(lines) - min(query.tail or len(lines), len(lines)) :]

    def started_at(self, container: Container) -> float:
        return self.started.get(container.id, 0.0)

    def environment(self, container: Container) -> dict[str, str]:
        page = f"http://sfu:8080/?name={container.client}"
        return {"SYNTHLAB_URL": page, "SYNTHLAB_RELAY": "lab:secret"}

    def control(self, container: Container, action: ContainerAction) -> None:
        self.controlled.append((action, container.title))

    def control_command(self, container: Container, action: ContainerAction) -> list[str]:
        return ["true"]

    def compose_up(self, project: str, rendered: str, progress: OnLine) -> None:
        self.calls.append(f"up {project}")
        self.composed.append(rendered)
        self.present = [*self.present, *self.made_of(rendered)]
        for container in self.present:
            progress(f"Container {container.name}  Started")

    def made_of(self, rendered: str) -> list[Container]:
        """The containers that Compose creates from a file, all healthy."""
        return list(containers_of(rendered))

    def compose_config(
        self, options: Sequence[str], environment: Mapping[str, str], substitute: bool = True
    ) -> tuple[str, Sequence[str]]:
        raise WrongUse("a fake engine cannot read Compose files")

    def compose_projects(self) -> dict[str, str]:
        return {f"synthlab-{container.lab}": container.lab for container in self.present} | self.projects

    def compose_services(self, lab: str) -> set[str]:
        return {container.title for container in self.present if container.lab == lab} | self.remade

    def subnets(self) -> dict[str, str]:
        return dict(self.networks)

    def compose_volumes(self, project: str) -> set[str]:
        return {name for name in self.volumes if name.startswith(f"{project}_")}

    def remove_volumes(self, names: Iterable[str]) -> None:
        self.volumes -= set(names)

    def image(self, tag: str) -> LocalImage | None:
        return self.images.get(tag) or (LocalImage(f"id of {tag}", "0") if self._has_all else None)

    def discard_image(self, image: LocalImage) -> None:
        pass

    def tag_image(self, tag: str, other: str) -> None:
        self.tagged.append((tag, other))

    def untag_image(self, tag: str) -> None:
        self.calls.append(f"untag {tag}")

    def own_tags(self) -> list[str]:
        return ["syntheticnet:latest"]

    def remove_images(self) -> list[str]:
        return ["syntheticnet:latest"]

    def build_image(self, build: ImageBuild, on_line: OnLine) -> Finished:
        self.calls.append(f"build {build.tag}")
        made_of, version = build.labels[labels.CONTENT], build.labels[labels.VERSION]
        self.images[build.tag] = LocalImage(f"id of {build.tag}", made_of, version)
        return Finished(0, ())

    def pull_image(self, tag: str, timeout_s: float | None = None) -> Finished:
        self.calls.append(f"pull {tag}")
        self.images[tag] = LocalImage(f"id of {tag}", "0")
        return Finished(0, ())

    def push_image(self, tag: str) -> Finished:
        self.calls.append(f"push {tag}")
        return Finished(0, ())

    def import_image(self, archive: Path, tag: str) -> Finished:
        self.calls.append(f"import {tag}")
        return Finished(0, ())

    def save_images(self, tags: Sequence[str], file: Path) -> Finished:
        """Writes the tags to the file, one per line."""
        self.calls.append(f"save {' '.join(tags)}")
        file.write_text("".join(f"{tag}\n" for tag in tags), encoding="utf-8")
        return Finished(0, ())

    def load_images(self, file: Path, on_line: OnLine) -> Finished:
        self.calls.append("load")
        for tag in file.read_text(encoding="utf-8").split():
            on_line(f"Loaded image: {tag}")
        return Finished(0, ())

    def exec_command(
        self, container: Container, command: Sequence[str], terminal: bool = False, user: User = "application"
    ) -> list[str]:
        """A command that prints the command it replaces."""
        return ["echo", container.title, *command]

    def start_program(
        self,
        container: Container,
        program: str,
        arguments: Sequence[object] = (),
        *,
        user: User = "application",
        python: str = PYTHON,
    ) -> Process:
        raise SynthlabError("no program runs in the containers of a fake engine")

    def start_sidecar(
        self, container: Container, program: str, arguments: Sequence[object] = (), *, net_admin: bool = False
    ) -> Process:
        raise SynthlabError("no program runs in the containers of a fake engine")

    def remove_lab(self, lab: str, made_by: str = "") -> int:
        self.calls.append(f"remove {lab}")
        removed = [one for one in self.containers(lab) if made_by in ("", one.made_by)]
        self.present = [container for container in self.present if container not in removed]
        return len(removed)

    def lock(self, lab: str, image: str) -> FakeLock | None:
        return None if lab in self.locked else FakeLock(self.locked, lab)

    def locks(self) -> dict[str, str]:
        return dict.fromkeys(self.locked, "running")

    def unlock(self, lab: str) -> bool:
        held = lab in self.locked
        self.locked.discard(lab)
        return held


class FakeLock:
    """A lock from a FakeEngine, held while its lab is in `locked`."""

    def __init__(self, locked: set[str], lab: str) -> None:
        self._locked, self._lab = locked, lab
        locked.add(lab)

    def lost(self) -> bool:
        return self._lab not in self._locked

    def release(self) -> None:
        self._locked.discard(self._lab)
