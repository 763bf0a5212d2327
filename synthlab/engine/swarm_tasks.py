"""The services of a lab on Docker Swarm as containers, parsed from the manager's lists of services, tasks and nodes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from ..contract import HOST
from . import labels
from .containers import Container, of_labels

_STARTING = ("new", "allocated", "pending", "assigned", "accepted", "preparing", "ready", "starting")
NO_NODE = "-"
NO_IMAGE = "No such image"
LACKING = "push the images with --registry, or `docker load` them on that node"
_FAILED = ("complete", "failed", "rejected")
_ENDED = ("complete", "failed", "shutdown", "rejected", "remove")


@dataclass(frozen=True, slots=True, kw_only=True)
class SwarmNode:
    """A machine of the swarm. `ready` is whether the manager hears from it and gives it tasks."""

    id: str
    name: str
    address: str
    ready: bool
    labels: Mapping[str, str]


def read_node(listed: Mapping[str, Any]) -> SwarmNode:
    """Parse a node from the manager's listing."""
    state, spec = listed["Status"]["State"], listed["Spec"]
    return SwarmNode(
        id=listed["ID"],
        name=listed["Description"]["Hostname"],
        address=listed["Status"].get("Addr", ""),
        ready=state == "ready" and spec.get("Availability") == "active",
        labels=spec.get("Labels") or {},
    )


def read_tasks(
    services: Iterable[Mapping[str, Any]], tasks: Iterable[Mapping[str, Any]], nodes: Iterable[SwarmNode]
) -> list[Container]:
    """One container for each service: its newest task, and where that runs.

    A swarm starts a task that has ended again and again. While the newest one is not running yet, the container is
    `restarting`, with the end of the one before as its status. If the node of the one before does not answer, and no
    other is fit, the container stays there, `dead`.
    """
    known = {node.id: node for node in nodes}
    by_service: dict[str, list[Mapping[str, Any]]] = {}
    for task in sorted(tasks, key=lambda task: seconds(task["CreatedAt"])):
        by_service.setdefault(task["ServiceID"], []).append(task)
    return [_with_end(service, by_service.get(service["ID"], []), known) for service in services]


def _with_end(
    service: Mapping[str, Any], tasks: Sequence[Mapping[str, Any]], nodes: Mapping[str, SwarmNode]
) -> Container:
    newest = _read(service, tasks[-1] if tasks else None, nodes)
    earlier = [_read(service, task, nodes) for task in tasks[:-1]]
    if newest.node == NO_NODE and earlier and earlier[-1].state == "dead":
        return replace(earlier[-1], status=f"{earlier[-1].status}; {newest.status}")
    ended = [one for one, task in zip(earlier, tasks, strict=False) if task["Status"]["State"] in _FAILED]
    if not ended or tasks[-1]["Status"]["State"] not in _STARTING:
        return newest
    return replace(newest, state="restarting", health="", status=ended[-1].status)


def _read(service: Mapping[str, Any], task: Mapping[str, Any] | None, nodes: Mapping[str, SwarmNode]) -> Container:
    spec = service["Spec"]
    marks = of_labels(spec["Labels"])
    if task is None:
        stopped = spec["Mode"].get("Replicated", {}).get("Replicas") == 0
        state = "exited" if stopped else "created"
        name = f"{spec['Name']}.1"
        return Container(
            id=service["ID"], name=name, state=state, status=state, health="", ports={}, node=NO_NODE, **marks
        )
    node = nodes.get(task.get("NodeID", ""))
    state, health, status = _state(task["Status"], node)
    id = (task["Status"].get("ContainerStatus") or {}).get("ContainerID") or task["ID"]
    if state == "running" and spec["Labels"].get(labels.PAUSED) == id:
        state, health, status = "paused", "", status.replace("running", "paused")
    return Container(
        id=id,
        name=f"{spec['Name']}.{task.get('Slot', 1)}",
        state=state,
        status=status,
        health=health,
        ports=_ports(task["Status"]),
        created=int(seconds(task["CreatedAt"])),
        address=next(_addresses(task), ""),
        node=node.name if node else NO_NODE,
        host=node.address if node else HOST,
        **marks,
    )


def _state(status: Mapping[str, Any], node: SwarmNode | None) -> tuple[str, str, str]:
    """State and health as of a container, and the text of both. A task runs once it is healthy."""
    state = status["State"]
    where = f" on {node.name}" if node else ""
    error = f": {status['Err']}" if status.get("Err") else ""
    if NO_IMAGE in error:
        error += f"; {LACKING}"
    if node is not None and not node.ready and state in ("running", *_STARTING):
        return "dead", "", f"{node.name} does not answer"
    text = f"{state}{where}{error}"
    if state == "running":
        return "running", "healthy", text
    if state in _STARTING:
        return ("running", "starting", text) if state == "starting" else ("created", "", text)
    return ("exited" if state in _ENDED else "dead"), "", text


def _ports(status: Mapping[str, Any]) -> dict[int, int]:
    published = (status.get("PortStatus") or {}).get("Ports") or ()
    return {port["TargetPort"]: port["PublishedPort"] for port in published}


def _addresses(task: Mapping[str, Any]) -> Iterator[str]:
    for attached in task.get("NetworksAttachments") or ():
        for address in attached.get("Addresses") or ():
            yield address.partition("/")[0]


def seconds(text: str) -> float:
    """A time of the engine's (RFC 3339, to the nanosecond) in seconds since 1970."""
    whole, _, rest = text.rstrip("Z").partition(".")
    return datetime.fromisoformat(f"{whole}.{rest[:6].ljust(6, '0')}+00:00").timestamp()
