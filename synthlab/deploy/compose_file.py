"""Renders a stack as the text of a Compose file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from .. import assets
from ..stack import Ports, Stack
from .host_ports import fixed_ports
from .servers import compose_parts, server_services
from .services import client_services, ipv6_subnet, lab_labels, project_of


def render(stack: Stack, ports: Mapping[str, Ports]) -> str:
    """The Compose file of `stack`; `ports` are the host ports of each client, by client name."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    # No HTML escaping: `q` writes every value as a quoted YAML scalar.
    environment = Environment(
        loader=FileSystemLoader(assets.templates()), undefined=StrictUndefined, keep_trailing_newline=True
    )
    environment.filters["q"] = quoted
    environment.filters["raw"] = raw
    services = [*server_services(stack), *client_services(stack, ports)]
    return environment.get_template("compose.yaml.j2").render(
        lab=stack.name,
        file=stack.file,
        project=project_of(stack),
        labels=lab_labels(stack),
        ipv6_subnet=ipv6_subnet(stack),
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
    return hashlib.sha256(render(bare, fixed_ports(stack)).encode()).hexdigest()[:16]


def quoted(value: Any) -> str:
    """`value` as YAML (JSON is a subset of it), with `$` doubled so that Compose substitutes no variables."""
    return json.dumps(value, ensure_ascii=False).replace("$", "$$")


def raw(value: Any) -> str:
    """A value from Compose's own output, as YAML: its `$` are doubled already."""
    return json.dumps(value, ensure_ascii=False)
