"""Renders a stack as the text of a Compose file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from ..stack import Ports, Stack
from .address_plan import AddressPlan, plan_addresses
from .host_ports import fixed_ports
from .servers import compose_parts, server_services
from .services import client_services, ipv6_subnet, lab_labels, project_of
from .templates import rendered


def render(stack: Stack, ports: Mapping[str, Ports], plan: AddressPlan | None = None) -> str:
    """The Compose file of `stack`; `ports` are the host ports of each client, by client name.

    A stack with routers requires a `plan`.
    """
    services = [*server_services(stack, plan), *client_services(stack, ports, plan)]
    return rendered(
        "compose.yaml.j2",
        lab=stack.name,
        file=stack.file,
        project=project_of(stack),
        labels=lab_labels(stack),
        ipv6_subnet=ipv6_subnet(stack),
        subnets=plan.subnets if plan else {},
        services=services,
        parts=compose_parts(stack),
        configs={config.name: config.content for service in services for config in service.configs},
    )


def digest(stack: Stack) -> str:
    """A hash of the lab that the stack describes: changes with any edit, but not with the file's path.

    It leaves out the passwords of TURN servers, which are random.
    """
    import hashlib

    turn = stack.turn and replace(stack.turn, password="")
    clients = tuple(replace(client, relay=None) for client in stack.clients)
    bare = replace(stack, file="", expires=None, made_by=None, digest=None, turn=turn, clients=clients)
    return hashlib.sha256(render(bare, fixed_ports(stack), plan_addresses(bare)).encode()).hexdigest()[:16]
