"""Docker Swarm beside the plain engine: the labs on several machines, as their manager shows them.

A lab on a swarm consists of services, each with one task. Most of what concerns one of its containers goes through the
manager. Programs in it, and a pause, need the engine of the container's own machine: that is this engine, or the one of
a context with the machine's name, or it is out of reach.
"""

from __future__ import annotations

import base64
import contextlib
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ..contract import TLS_PORT, ContainerAction
from ..errors import SynthlabError
from ..interrupts import uninterrupted
from . import labels
from .api import Process, User
from .containers import Container, LogQuery
from .docker_engine import Engine, remove_each, split_lines
from .exec import exec_arguments, sidecar_arguments, start
from .listing import Member, list_with_services
from .node_reach import NodeReach
from .process import run_program
from .swarm_tasks import SwarmNode, read_node, read_tasks, seconds

if TYPE_CHECKING:
    from .lab_access import LabAccess

GONE_S = 40.0
CHANGED_S = 60.0
SETTLED_S = 2.0
STACK = "com.docker.stack.namespace"
POLL_S = 0.2
KINDS = ("services", "secrets", "configs")


class SwarmEngine(Engine):
    """The EngineApi of a Docker engine that may manage a swarm."""

    def __init__(self) -> None:
        super().__init__()
        self._ports: dict[str, int] = {}
        self._reach = NodeReach(self.command, self.nodes, self._id_of_own_node)

    def containers(self, lab: str | None = None) -> list[Container]:
        tasks = [self._with_ports(self._paused_or_not(task)) for task in self._tasks(lab)]
        found = super().containers(lab)
        return sorted([*found, *tasks], key=lambda one: (one.lab, one.index)) if tasks else found

    def members(self) -> list[Member]:
        return list_with_services(self.command)

    def nodes(self) -> list[SwarmNode]:
        """The machines of the swarm; empty if this engine manages none."""
        return [read_node(listed) for listed in self._managed("nodes")]

    def stack_deploy(self, project: str, rendered: str) -> None:
        """Create or update a swarm's stack; raises SynthlabError with the command's last lines."""
        command = [self.command, "stack", "deploy", "--resolve-image", "never", "--compose-file", "-", project]
        try:
            finished = run_program(command, text=rendered)
        except BaseException:
            with uninterrupted(), contextlib.suppress(SynthlabError):
                self._wait_until_settled(project)
            raise
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
        # A killed `up` may have left secrets and configs alone.
        found = [one for kind in KINDS for one in self._managed(kind, filters={"label": labels.LAB})]
        return sorted({*super().labs(), *(one["Spec"]["Labels"][labels.LAB] for one in found)})

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
        if not container.node:
            super().control(container, action)
            return
        self._run(container, self.control_command(container, action))
        # The manager does not know of a pause, so the service says it.
        if action == "pause":
            self._run(container, self._service_command(container, "--label-add", f"{labels.PAUSED}={container.id}"))
        elif action == "unpause":
            self._run(container, self._service_command(container, "--label-rm", labels.PAUSED))
        else:
            self._wait_until_changed(container, action)

    def control_command(self, container: Container, action: ContainerAction) -> list[str]:
        if not container.node:
            return super().control_command(container, action)
        match action:
            case "pause" | "unpause":
                return [*self._reach.command_for(container), action, container.id]
            case "restart":
                return self._service_command(container, "--force")
            case "start" | "stop":
                count = int(action == "start")
                return [self.command, "service", "scale", "--detach", f"{_service_of(container)}={count}"]

    def _wait_until_settled(self, project: str) -> None:
        """Wait until a command that was stopped creates no more services: its last request may be under way yet."""
        wanted = {"label": f"{STACK}={project}"}
        before, deadline = -1, time.monotonic() + GONE_S
        while (count := len(self._managed("services", filters=wanted))) != before and time.monotonic() < deadline:
            before = count
            time.sleep(SETTLED_S)

    def _service_command(self, container: Container, *options: str) -> list[str]:
        return [self.command, "service", "update", "--detach", *options, _service_of(container)]

    def _run(self, container: Container, command: list[str]) -> None:
        finished = run_program(command)
        if finished.status != 0:
            raise SynthlabError(f"{container.title} cannot be changed", finished.tail[-3:])

    def _wait_until_changed(self, container: Container, action: ContainerAction) -> None:
        """Wait until the swarm has stopped, started or restarted it."""
        deadline = time.monotonic() + CHANGED_S
        while time.monotonic() < deadline:
            (now,) = (one for one in self._tasks(container.lab) if one.title == container.title)
            if (now.state == "exited") if action == "stop" else (now.ready and now.id != container.id):
                return
            time.sleep(POLL_S)
        raise SynthlabError(f"{container.title}: no {action} within {CHANGED_S:g} s ({now.status})")

    def _paused_or_not(self, task: Container) -> Container:
        """A task that is marked as paused, as its engine shows it, if that is in reach."""
        if task.state != "paused":
            return task
        try:
            command = [*self._reach.command_for(task), "inspect", "--format", "{{.State.Paused}}", task.id]
        except SynthlabError:
            return task
        finished = run_program(command)
        if finished.tail[-1:] != ("false",):
            return task
        return replace(task, state="running", health="healthy", status=f"running on {task.node}")

    def _with_ports(self, task: Container) -> Container:
        """A task with the ports that its engine shows, if that is in reach and the swarm has lost them.

        Once the manager's engine has been started again, nodes report tasks that run on without their ports.
        """
        if task.ports or task.state != "running" or not task.conditioned:
            return task
        if task.id not in self._ports:
            try:
                command = [*self._reach.command_for(task), "port", task.id, f"{TLS_PORT}/tcp"]
            except SynthlabError:
                return task
            port = "".join(run_program(command).tail[:1]).rpartition(":")[2]
            if not port.isdecimal():
                return task
            self._ports[task.id] = int(port)
        return replace(task, ports={TLS_PORT: self._ports[task.id]})

    def exec_command(
        self, container: Container, command: Sequence[str], terminal: bool = False, user: User = "application"
    ) -> list[str]:
        return [*self._reach.command_for(container), *exec_arguments(container, command, terminal, user)]

    def start_sidecar(
        self, container: Container, program: str, arguments: Sequence[object] = (), *, net_admin: bool = False
    ) -> Process:
        if not container.node:
            return super().start_sidecar(container, program, arguments, net_admin=net_admin)
        image = self._image_for(container)
        pull = "missing" if _in_registry(image) else "never"
        command = sidecar_arguments(container, program, arguments, net_admin=net_admin, image=image, pull=pull)
        return start([*self._reach.command_for(container), *command])

    def _image_for(self, container: Container) -> str:
        """The image of a client, all of which are based on ours: of one on the same node, if there is one."""
        clients = [task for task in self._tasks(container.lab) if task.conditioned]
        client = next((one for one in clients if one.node == container.node), clients[0])
        with self._asked() as api:
            service: dict[str, Any] = api.inspect_service(_service_of(client))  # type: ignore[no-untyped-call]
        return str(service["Spec"]["TaskTemplate"]["ContainerSpec"]["Image"])

    def _id_of_own_node(self) -> str:
        with self._asked() as api:
            info: dict[str, Any] = api.info()
        return str(info["Swarm"]["NodeID"])

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


def _in_registry(image: str) -> bool:
    """Whether the image's name begins with a registry's address: without one, Docker's own is meant."""
    address, slash, _ = image.partition("/")
    return bool(slash) and ("." in address or ":" in address)


def _service_of(container: Container) -> str:
    """The name of the service whose task it is."""
    return container.name.rpartition(".")[0] or container.name
