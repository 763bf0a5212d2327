"""The plan of `up`: computed from the stack and the state of the engine, before anything changes.

`synthlab up --dry-run` prints the same UpPlan that `launch` carries out. Were they computed apart, the dry run would
drift from what really happens; so whatever `up` decides, it decides here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from ..engine.api import EngineApi
from ..engine.containers import Container
from ..errors import SynthlabError, WrongUse
from ..stack import Ports, Stack
from .address_plan import AddressPlan, plan_addresses
from .collisions import is_own_network, refuse_collisions
from .compose_file import digest
from .host_ports import choose_ports, fixed_ports
from .image_checks import refuse_unfit
from .image_steps import ImageStep, stack_steps
from .servers import compose_parts, server_count
from .services import project_of
from .swarm_file import refuse_unfit_for_swarm, refuse_unplaceable


@dataclass(frozen=True, slots=True, kw_only=True)
class UpPlan:
    """What `up` does to images and containers, the host ports of each client by name, and the number of containers.

    `removes` is true if an earlier lab of this name must be removed. `compose_pulls` are images from the user's
    Compose file that Compose pulls itself. `ttl_s` is None for a lab that does not expire. `addresses` are those of a
    lab with routers.
    """

    stack: Stack
    images: tuple[ImageStep, ...]
    removes: bool
    ports: Mapping[str, Ports]
    compose_pulls: frozenset[str]
    size: int
    timeout_s: float
    ttl_s: float | None = None
    addresses: AddressPlan | None = None

    @property
    def host_ports(self) -> set[int]:
        """The ports chosen by the plan, without those that Docker picks."""
        return {port for ports in self.ports.values() for port in ports.given.values()}


def plan_up(
    stack: Stack, engine: EngineApi, timeout_s: float, ttl_s: float | None = None, replacing: bool = False
) -> UpPlan:
    """The plan for the engine's current state; changes nothing. Ports of the lab being replaced count as free.

    Raises SynthlabError if `up` would fail: the lab is up already, a fixed port is taken, an image is unsuitable.
    """
    if stack.swarm:
        refuse_unfit_for_swarm(stack)
        refuse_unplaceable(stack, engine.nodes())
    if not replacing:
        refuse_running(stack, engine)
    refuse_project(stack, engine)
    images = stack_steps(stack, engine)
    # An image that is yet to be built or pulled cannot be inspected: `launch` checks it afterwards.
    refuse_unfit(stack, engine, {step.tag for step in images if step.action == "use"})
    own = set(_published(stack, engine))

    def free(port: int) -> bool:
        return port in own or engine.is_free(port)

    subnets = engine.subnets() if stack.compose or stack.routers else {}
    if stack.compose:
        refuse_collisions(stack, free, subnets)
    others = [subnet for subnet, name in subnets.items() if not is_own_network(stack, name)]
    return UpPlan(
        stack=stack,
        images=images,
        removes=stack.name in engine.labs(),
        ports=fixed_ports(stack) if stack.swarm else choose_ports(stack, free),
        compose_pulls=frozenset(_lacking(stack, engine)),
        size=len(stack.clients) + server_count(stack),
        timeout_s=timeout_s,
        ttl_s=ttl_s,
        addresses=plan_addresses(stack, others),
    )


def refuse_running(stack: Stack, engine: EngineApi) -> None:
    """Raise if a lab of this name has any container."""
    if is_edited(stack, engine):
        raise SynthlabError(
            f"the lab '{stack.name}' is up, and {stack.file} has changed since: add --replace to "
            "replace it, or start another lab with --lab NAME"
        )
    if engine.containers(stack.name):
        raise SynthlabError(
            f"the lab '{stack.name}' is up already: take it down with `synthlab down {stack.name}`, "
            "or give this one another name with --lab"
        )


def refuse_project(stack: Stack, engine: EngineApi) -> None:
    """Raise if the Compose project is up, and its containers are not this lab's: `up` would replace them."""
    project = project_of(stack)
    if engine.compose_projects().get(project, stack.name) != stack.name:
        raise SynthlabError(
            f"the Compose project '{project}' is up already: take it down with `docker compose -p {project} down`, or "
            "choose another name with -p"
        )


def is_edited(stack: Stack, engine: EngineApi) -> bool:
    """Whether the running lab of this name was made from another stack, or from this one before an edit."""
    made_of = {container.digest for container in engine.containers(stack.name)} - {""}
    return bool(made_of) and made_of != {digest(stack)}


def refuse_other_stack(stack: Stack, engine: EngineApi) -> None:
    """Raise WrongUse if the lab that is up under the stack's name is not a lab of this stack."""
    if is_edited(stack, engine):
        raise WrongUse(
            f"the lab '{stack.name}' is up, but {_difference(stack, engine.containers(stack.name))}: take it down with "
            f"`synthlab down {stack.name}`, or use it all the same with --lab {stack.name}"
        )


def _difference(stack: Stack, containers: Sequence[Container]) -> str:
    """How a lab that was made from something else differs from the stack."""
    file, made_from = stack.file, next((one.stack for one in containers if one.stack), stack.file)
    if made_from != file:
        return f"was started from {made_from}, not {file}"
    own, there = [client.name for client in stack.clients], [one.client for one in containers if one.role == "client"]
    if lacking := [name for name in own if name not in there]:
        return f"has no {', '.join(lacking)}, which {file} has"
    if extra := [name for name in there if name not in own]:
        return f"has {', '.join(sorted(extra))}, which {file} does not have"
    return f"{file} has changed since, or it was started with other options"


def _published(stack: Stack, engine: EngineApi) -> Iterator[int]:
    """The host ports of the existing lab: freed before the new containers start."""
    for container in engine.containers(stack.name):
        yield from container.ports.values()


def _lacking(stack: Stack, engine: EngineApi) -> Iterator[str]:
    """The images in the user's Compose file that are neither on the engine nor built."""
    for body in compose_parts(stack).get("services", {}).values():
        if not body.get("build") and engine.image(body["image"]) is None:
            yield body["image"]
