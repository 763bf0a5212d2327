"""Brings a stack up on Docker Swarm: images to the nodes, then secrets, servers and clients."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from ..contract import SYNTHETICNET
from ..engine import labels
from ..engine.api import EngineApi
from ..engine.clock import Clock
from ..engine.health import POLL_S
from ..errors import SynthlabError
from ..stack import Stack
from ..text.progress import Progress
from .plan import UpPlan
from .servers import servers
from .services import lab_labels, project_of
from .subnets import SWARM_PREFIX, choose_subnet
from .swarm_file import CERTIFICATE, TOKEN_DIGEST, render_swarm, swarm_services, texts


def start_on_swarm(plan: UpPlan, engine: EngineApi, progress: Progress, clock: Clock) -> None:
    """Start all services; the servers first, and the clients once those run. Raises SynthlabError."""
    stack = plan.stack
    images = _pushed(stack, engine, progress)
    progress("storing the lab's secrets")
    stored = _stored(stack, engine)
    subnet = str(choose_subnet(stack.name, SWARM_PREFIX, engine.subnets()))
    first = [service.name for service in servers(stack)]
    if first:
        engine.stack_deploy(project_of(stack), render_swarm(stack, subnet, images, stored, first))
        _wait_for(first, plan, engine, progress, clock)
    engine.stack_deploy(project_of(stack), render_swarm(stack, subnet, images, stored, None))


def _wait_for(names: list[str], plan: UpPlan, engine: EngineApi, progress: Progress, clock: Clock) -> None:
    """Wait until these servers run: the clients need them."""
    deadline = clock.now_s() + plan.timeout_s
    progress(f"starting {', '.join(names)}")
    while late := [one for one in engine.containers(plan.stack.name) if one.title in names and not one.ready]:
        if failed := next((one for one in late if one.failed), None):
            raise SynthlabError(f"{failed.title} did not come up ({failed.status})", engine.logs(failed))
        if clock.now_s() > deadline:
            raise SynthlabError(f"{late[0].title} is not healthy after {plan.timeout_s:g} s ({late[0].status})")
        clock.sleep(POLL_S)


def _pushed(stack: Stack, engine: EngineApi, progress: Progress) -> Mapping[str, str]:
    """Push the images; returns the name of each in the registry. Without a registry they stay as they are."""
    registry = stack.swarm.registry if stack.swarm else None
    if registry is None:
        return {}
    names = {}
    for tag in dict.fromkeys(service.image for service in swarm_services(stack)):
        image = engine.image(tag)
        if image is None:
            raise SynthlabError(f"the image {tag} is not on the engine")
        names[tag] = f"{registry}/{_bare(tag)}:{_short_hash(image.id)}"
        progress(f"pushing {tag} to {registry}")
        engine.tag_image(tag, names[tag])
        finished = engine.push_image(names[tag])
        engine.untag_image(names[tag])
        if finished.status != 0:
            raise SynthlabError(f"{tag} cannot be pushed to {registry}", finished.tail[-3:])
    return names


def _stored(stack: Stack, engine: EngineApi) -> dict[str, str]:
    """Store what the containers get as files; returns the name of each in the swarm, which its content decides."""
    access, certificate = engine.make_access(SYNTHETICNET)
    marks = lab_labels(stack)
    names = {}
    for name, content in {CERTIFICATE: certificate, TOKEN_DIGEST: access.digest}.items():
        names[name] = _name(stack, name, content)
        engine.put_secret(names[name], content, marks)
    for name, content in texts(stack).items():
        names[name] = _name(stack, name, content)
        engine.put_config(names[name], content, marks)
    engine.put_config(_name(stack, "access", access.to_json()), access.to_json(), {**marks, labels.ROLE: labels.ACCESS})
    return names


def _name(stack: Stack, name: str, content: str) -> str:
    return f"{project_of(stack)}-{name}-{_short_hash(content)}"


def _bare(tag: str) -> str:
    """The image's name without its tag; a registry's port is no tag."""
    folder, slash, last = tag.rpartition("/")
    return folder + slash + last.partition(":")[0]


def _short_hash(content: str) -> str:
    return hashlib.sha256(content.encode()).hexdigest()[:12]
