"""A stack as the text of a Compose file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from .. import assets
from ..stack import Ports, Stack
from .host_ports import fixed_ports
from .servers import compose_parts, server_services
from .services import client_services, ipv6_subnet, lab_labels, project_name


def render(stack: Stack, ports: Mapping[str, Ports]) -> str:
    """The Compose file of `stack`, each client published on the host ports given for its name."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    # Nothing is escaped for HTML: `q` writes every value as a quoted YAML scalar.
    environment = Environment(
        loader=FileSystemLoader(assets.templates()), undefined=StrictUndefined, keep_trailing_newline=True
    )
    environment.filters["q"] = quoted
    environment.filters["raw"] = raw
    services = [*server_services(stack), *client_services(stack, ports)]
    return environment.get_template("compose.yaml.j2").render(
        lab=stack.name,
        file=stack.file,
        project=project_name(stack.name),
        labels=lab_labels(stack),
        ipv6_subnet=ipv6_subnet(stack),
        services=services,
        parts=compose_parts(stack),
        configs={config.name: config.content for service in services for config in service.configs},
    )


def digest(stack: Stack) -> str:
    """A hash of all that the stack makes of a lab: another one where it was edited, wherever its file lies."""
    import hashlib

    bare = replace(stack, file="", expires=None, made_by=None, digest=None)
    return hashlib.sha256(render(bare, fixed_ports(stack)).encode()).hexdigest()[:16]


def quoted(value: Any) -> str:
    """`value` as YAML (JSON is a part of it) in which Compose finds no variable of its own to fill in."""
    return json.dumps(value, ensure_ascii=False).replace("$", "$$")


def raw(value: Any) -> str:
    """What Compose has written itself, as YAML: its `$` are doubled already."""
    return json.dumps(value, ensure_ascii=False)
