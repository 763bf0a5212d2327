"""The plan of `up` as text: one line per step."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ..contract import API_PORT, CDP_PORT, COMPANION_API_PORT, EVERYWHERE, VNC_PORT
from ..engine.ttl import format_time
from ..stack import Stack
from ..stack.rights import stack_acts
from ..text.quantities import counted
from .plan import UpPlan
from .servers import compose_parts, server_services
from .services import Service, client_services, ipv6_subnet, project_of
from .swarm_file import swarm_services
from .wrapping import companions

_Port = tuple[str, str | None]  # its name, and the host's ADDRESS:PORT; None if Docker picks one

_KNOWN = {API_PORT: "API", COMPANION_API_PORT: "API", VNC_PORT: "VNC", CDP_PORT: "CDP"}


def plan_lines(plan: UpPlan) -> Iterator[str]:
    """The steps, in the order `launch` carries them out."""
    yield from map(str, plan.images)
    if plan.removes:
        yield f"remove {plan.stack.name}"
    yield from _on_swarm(plan.stack) if plan.stack.swarm else (*_made_beside(plan), *_containers(plan))
    yield f"wait up to {plan.timeout_s:g} s for {counted(plan.size, 'healthy container')}"
    if plan.ttl_s is not None:
        yield f"let the lab expire {format_time(plan.ttl_s)} after its start"


def rights_lines(plan: UpPlan) -> Iterator[str]:
    """The parts of the stack that act with the user's own rights."""
    yield from (f"act with your rights: {act}" for act in stack_acts(plan.stack))


def _on_swarm(stack: Stack) -> Iterator[str]:
    """What a lab on several machines consists of; the swarm picks the ports of the nodes."""
    services = swarm_services(stack)
    if stack.swarm and stack.swarm.registry:
        yield from (f"push {tag} to {stack.swarm.registry}" for tag in dict.fromkeys(one.image for one in services))
    yield f"create the overlay network {project_of(stack)}_lab, and secrets with the lab's certificate and token"
    for service in services:
        wanted = " and ".join(stack.placement.get(service.name, ()))
        yield f"start {service.name}: {service.image}" + (f", where {wanted}" if wanted else "")


def _made_beside(plan: UpPlan) -> Iterator[str]:
    """The networks and volumes: the lab's own, and those of a Compose file that are not external."""
    project, subnet = project_of(plan.stack), ipv6_subnet(plan.stack)
    if plan.addresses:
        yield from (f"create the network {project}_{name} with {lan}" for name, lan in plan.addresses.subnets.items())
    else:
        yield f"create the network {project}_default" + (f" with {subnet}" if subnet else "")
    for kind in ("networks", "volumes"):
        for name, body in compose_parts(plan.stack).get(kind, {}).items():
            if not body.get("external"):
                yield f"create the {kind.removesuffix('s')} {body.get('name') or f'{project}_{name}'}"


def _containers(plan: UpPlan) -> Iterator[str]:
    stack = plan.stack
    holders = {service.name for service in companions(stack)}
    for name, body in compose_parts(stack).get("services", {}).items():
        holder = str(body.get("network_mode", "")).removeprefix("service:")
        shared = f", in the network of {holder}" if holder in holders else ""
        yield f"start {name}: {_image_of(body, plan)}{shared}{_ports(_theirs(body))}"
    for service in (*server_services(stack, plan.addresses), *client_services(stack, plan.ports, plan.addresses)):
        yield f"start {service.name}: {service.image}{_network(service)}{_ports(_ours(service))}"


def _image_of(body: Mapping[str, Any], plan: UpPlan) -> str:
    """The image of a Compose file's service; Compose itself builds or pulls it if needed."""
    if body.get("build"):
        return "an image that Compose builds"
    image = str(body["image"])
    return f"{image}, which Compose pulls" if image in plan.compose_pulls else image


def _ours(service: Service) -> Iterator[_Port]:
    for port in service.ports:
        name = _KNOWN.get(port.container, f"port {port.container}")
        yield name, f"{port.address}:{port.host}" if port.host else None
    yield from _theirs(service.given)
    for given in service.published:
        place, _, inner = given.rpartition(":")
        yield f"port {inner}", place


def _theirs(body: Mapping[str, Any]) -> Iterator[_Port]:
    """The ports of a Compose file's service; `published` may be a range. Without `host_ip` it is on all addresses."""
    for port in body.get("ports", ()):
        place = f"{port.get('host_ip', EVERYWHERE)}:{port['published']}" if port.get("published") else None
        yield f"port {port['target']}", place


def _network(service: Service) -> str:
    return f", in the network of {service.network_of}" if service.network_of else ""


def _ports(ports: Iterable[_Port]) -> str:
    """The known host ports, then the ports for which Docker picks one."""
    known = list(ports)
    fixed = [f"{name} on {place}" for name, place in known if place]
    return "".join(f", {port}" for port in (*fixed, *_drawn([name for name, place in known if place is None])))


def _drawn(names: list[str]) -> list[str]:
    if len(names) < 2:
        return [f"{name} on a port picked by Docker" for name in names]
    return [f"{', '.join(names[:-1])} and {names[-1]} on ports picked by Docker"]
