"""Renders a stack as the text of a stack file for Docker Swarm, and says what a swarm cannot do."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from ..contract import API_PORT, TLS_PORT
from ..engine import labels
from ..engine.swarm_tasks import SwarmNode
from ..errors import SynthlabError, WrongUse
from ..stack import Sfu, Stack
from .host_ports import fixed_ports
from .servers import servers
from .services import Service, client_services, lab_labels
from .templates import rendered

CERTIFICATE, TOKEN_DIGEST = "synthlab.pem", "synthlab-token-digest"
"""The secrets of each client, as files in /run/secrets."""


def render_swarm(
    stack: Stack, subnet: str, images: Mapping[str, str], stored: Mapping[str, str], running: Collection[str] | None
) -> str:
    """The stack file.

    `images` are the names under which the nodes know the images, `stored` those of secrets and configs in the swarm.
    Only `running` services get a container (None: all).
    """
    services = swarm_services(stack)
    return rendered(
        "swarm.yaml.j2",
        lab=stack.name,
        file=stack.file,
        labels=lab_labels(stack),
        subnet=subnet,
        tls_port=TLS_PORT,
        services=services,
        images={one.image: images.get(one.image, one.image) for one in services},
        environments={one.name: _environment(one, subnet) for one in services},
        marks={one.name: {**one.labels, **_tunnels(one)} for one in services},
        secrets={name: stored.get(name, name) for name in (CERTIFICATE, TOKEN_DIGEST)},
        configs={name: stored.get(name, name) for name in texts(stack)},
        placement={one.name: list(stack.placement.get(one.name, ())) for one in services},
        running={one.name for one in services} if running is None else running,
    )


def swarm_services(stack: Stack) -> list[Service]:
    """All containers: servers first, then clients."""
    return [*servers(stack), *client_services(stack, fixed_ports(stack))]


def texts(stack: Stack) -> dict[str, str]:
    """The files that containers get as configs, by name."""
    return {config.name: config.content for service in swarm_services(stack) for config in service.configs}


def refuse_unfit_for_swarm(stack: Stack) -> None:
    """Raise WrongUse with all that the stack asks for and a swarm cannot do."""
    if reasons := list(_unfit(stack)):
        raise WrongUse(f"{stack.file}: not with --engine swarm: {'; '.join(reasons)}")


def _unfit(stack: Stack) -> Iterator[str]:
    if stack.ip != "ipv4":
        yield f"`ip: {stack.ip}`, because overlay networks have IPv4 only: remove it"
    if stack.compose:
        yield "`compose:`, because a swarm cannot share a container's network: build the service FROM syntheticnet"
    if stack.routers:
        yield "`routers`, because the two networks of a router would be on different nodes: use one machine"
        return
    for server in stack.conditioned:
        yield f"`network` of {server}, for the same reason: condition the clients instead"
    if isinstance(stack.sfu, Sfu) and stack.sfu.join:
        yield "`join`, because published media ports open on one node only"
    for client in stack.clients:
        if client.media.video or client.media.audio:
            yield f"`media` of {client.name}, a file of this machine: build it into the image"
        if client.is_proxy:
            yield f"{client.name}, a proxy, because its ports open on no machine outside the lab"
        if client.public:
            yield f"`allow` of {client.name} names addresses: whoever has the lab's token may use its API"


def refuse_unplaceable(stack: Stack, nodes: list[SwarmNode]) -> None:
    """Raise SynthlabError if no node fits a client's or server's placement, before anything starts."""
    if not nodes:
        raise SynthlabError(
            "--engine swarm: this engine manages no swarm: run `docker swarm init`, or point DOCKER_HOST at a manager"
        )
    ready = [node for node in nodes if node.ready]
    for name, constraints in stack.placement.items():
        if not any(all(_fits(node, constraint) for constraint in constraints) for node in ready):
            there = ", ".join(f"{node.name}{'' if node.ready else ' (down)'}" for node in nodes)
            wanted = " and ".join(constraints)
            raise SynthlabError(f"{stack.file}: no node fits the placement of {name}: {wanted}; nodes: {there}")


def _fits(node: SwarmNode, constraint: str) -> bool:
    key, _, value = constraint.partition("==")
    if key == "node.hostname":
        return node.name == value
    return node.labels.get(key.removeprefix("node.labels.")) == value


def _tunnels(service: Service) -> dict[str, str]:
    """The label with the ports of a client that a host of one machine would reach: its screen, its debugger."""
    ports = [str(port.container) for port in service.ports if port.container != API_PORT]
    return {labels.TUNNELS: " ".join(ports)} if service.conditioned and ports else {}


def _environment(service: Service, subnet: str) -> dict[str, str]:
    own = {"SYNTHETIC_NETWORK": subnet, "SYNTHLAB_TLS_PORT": str(TLS_PORT)} if service.conditioned else {}
    return {**service.environment, **own}
