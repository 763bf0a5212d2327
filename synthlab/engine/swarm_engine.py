"""Docker Swarm beside the plain engine: the labs on several machines, as their manager shows them.

A lab on a swarm consists of services, each with one task. Everything that concerns one of its containers goes through
the manager; what only the engine of the container's own machine can do is refused.
"""

from __future__ import annotations

import base64
import time
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from ..contract import ContainerAction
from ..errors import SynthlabError
from . import labels
from .containers import Container, LogQuery
from .docker_engine import Engine, remove_each, split_lines
from .process import run_program
from .swarm_tasks import SwarmNode, read_node, read_tasks, seconds

if TYPE_CHECKING:
    from .lab_access import LabAccess

GONE_S = 40.0
CHANGED_S = 60.0
POLL_S = 0.2


class SwarmEngine(Engine):
    """The EngineApi of a Docker engine that may manage a swarm."""

    def containers(self, lab: str | None = None) -> list[Container]:
        tasks = self._tasks(lab)
        found = super().containers(lab)
        return sorted([*found, *tasks], key=lambda one: (one.lab, one.index)) if tasks else found

    def nodes(self) -> list[SwarmNode]:
        """The machines of the swarm; empty if this engine manages none."""
        return [read_node(listed) for listed in self._managed("nodes")]

    def stack_deploy(self, project: str, rendered: str) -> None:
        """Create or update a swarm's stack; raises SynthlabError with the command's last lines."""
        command = [self.command, "stack", "deploy", "--resolve-image", "never", "--compose-file", "-", project]
        finished = run_program(command, text=rendered)
        if finished.status != 0:
            raise SynthlabError(f"{self.command} stack deploy could not start the lab", finished.tail[-8:])

    def make_access(self, image: str) -> tuple[LabAccess, str]:
        """See `lab_access.make_access`."""
        from .lab_access import make_access

        return make_access(self.command, image)

    def put_secret(self, name: str, content: str, marks: dict[str, str]) -> None:
        """Store a secret for the containers of a lab."""
        with self._asked() as api:
            api.create_secret(name, content.encode(), labels=marks)

    def put_config(self, name: str, content: str, marks: dict[str, str]) -> None:
        """Store a config for the containers of a lab, or for ourselves."""
        with self._asked() as api:
            api.create_config(name, content.encode(), labels=marks)

    def access(self, lab: str) -> LabAccess | None:
        """What opens the APIs of a lab on several machines; None for a lab on one."""
        wanted = f"{labels.LAB}={lab}"
        for config in self._managed("configs", filters={"label": [wanted, f"{labels.ROLE}={labels.ACCESS}"]}):
            from .lab_access import LabAccess

            return LabAccess.from_json(base64.b64decode(config["Spec"]["Data"]))
        return None

    def labs(self) -> list[str]:
        services = self._managed("services", filters={"label": labels.LAB})
        return sorted({*super().labs(), *(service["Spec"]["Labels"][labels.LAB] for service in services)})

    def logs(self, container: Container, lines: int = 20) -> list[str]:
        if not container.node:
            return super().logs(container, lines)
        return [text for _, text in self.read_log(container, LogQuery(tail=lines))]

    def last_probe(self, container: Container) -> list[str]:
        return [] if container.node else super().last_probe(container)

    def read_log(self, container: Container, query: LogQuery) -> Iterator[tuple[str, str]]:
        if not container.node:
            yield from super().read_log(container, query)
            return
        options: Any = {"tail": query.tail if query.tail is not None else "all", "follow": query.follow}
        if query.since is not None:
            options["since"] = int(query.since)
        service = _service_of(container)
        with self._asked() as api:
            for line in split_lines(api.service_logs(service, stdout=True, stderr=True, timestamps=True, **options)):
                time_, _, text = line.partition(" ")
                yield time_, text

    def started_at(self, container: Container) -> float:
        if not container.node:
            return super().started_at(container)
        tasks = self._managed("tasks", filters={"service": _service_of(container)})
        return max((seconds(task["Status"]["Timestamp"]) for task in tasks), default=0.0)

    def environment(self, container: Container) -> dict[str, str]:
        if not container.node:
            return super().environment(container)
        with self._asked() as api:
            service: dict[str, Any] = api.inspect_service(_service_of(container))  # type: ignore[no-untyped-call]
        spec = service["Spec"]["TaskTemplate"]["ContainerSpec"]
        return dict(pair.split("=", 1) for pair in spec.get("Env") or () if "=" in pair)

    def control(self, container: Container, action: ContainerAction) -> None:
        if container.node:
            self._control_task(container, action)
        else:
            super().control(container, action)

    def _control_task(self, container: Container, action: ContainerAction) -> None:
        """Change its service, and wait until the swarm has carried that out."""
        service = _service_of(container)
        commands = {
            "stop": ("service", "scale", "--detach", f"{service}=0"),
            "start": ("service", "scale", "--detach", f"{service}=1"),
            "restart": ("service", "update", "--force", "--detach", service),
        }
        if action not in commands:
            raise SynthlabError(
                f"{container.title} runs on {container.node}, and a swarm cannot {action} a container: stop it, or cut "
                "off its network with `synthlab set NAME --loss 100%`"
            )
        finished = run_program([self.command, *commands[action]])
        if finished.status != 0:
            raise SynthlabError(f"{container.title} cannot be changed", finished.tail[-3:])
        deadline = time.monotonic() + CHANGED_S
        while time.monotonic() < deadline:
            (now,) = (one for one in self._tasks(container.lab) if one.title == container.title)
            if (now.state == "exited") if action == "stop" else (now.ready and now.id != container.id):
                return
            time.sleep(POLL_S)
        raise SynthlabError(f"{container.title}: no {action} within {CHANGED_S:g} s ({now.status})")

    def exec_command(self, container: Container, command: Sequence[str], *args: Any, **options: Any) -> list[str]:
        if container.node:
            raise SynthlabError(
                f"{container.title} runs on {container.node}: use `docker exec {container.id[:12]}` on that machine"
            )
        return super().exec_command(container, command, *args, **options)

    def remove_lab(self, lab: str, made_by: str = "") -> int:
        wanted = [f"{labels.LAB}={lab}", *([f"{labels.MADE_BY}={made_by}"] if made_by else [])]
        marked = {"filters": {"label": wanted}}
        services = [service["ID"] for service in self._managed("services", **marked)]
        with self._asked() as api:
            remove_each(api.remove_service, services)
        self._wait_until_gone(lab, services)
        removed = super().remove_lab(lab, made_by)
        for kind, remove in (("secrets", "remove_secret"), ("configs", "remove_config")):
            found = [one["ID"] for one in self._managed(kind, **marked)]
            with self._asked() as api:
                remove_each(getattr(api, remove), found)
        return len(services) + removed

    def _wait_until_gone(self, lab: str, services: Sequence[str]) -> None:
        """Wait until the nodes that answer have no task of these removed services left."""
        deadline = time.monotonic() + GONE_S
        while services and time.monotonic() < deadline:
            answering = {node.id for node in self.nodes() if node.ready}
            tasks = self._managed("tasks", filters={"label": f"{labels.LAB}={lab}"})
            if not any(task["ServiceID"] in services and task.get("NodeID") in answering for task in tasks):
                return
            time.sleep(POLL_S)

    def _tasks(self, lab: str | None) -> list[Container]:
        wanted = {"label": labels.LAB if lab is None else f"{labels.LAB}={lab}"}
        if not (services := self._managed("services", filters=wanted)):
            return []
        return read_tasks(services, self._managed("tasks", filters=wanted), self.nodes())


def _service_of(container: Container) -> str:
    """The name of the service whose task it is."""
    return container.name.rpartition(".")[0] or container.name
