"""A stack as the text of a Compose file; the only place that knows the template engine."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from . import assets
from .services import client_services, lab_labels, project_name, sfu_service
from .stack import Ports, Sfu, Stack


def render(stack: Stack, ports: Mapping[str, Ports]) -> str:
    """The Compose file of `stack`, each client published on the host ports given for its name."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    # Nothing is escaped for HTML: `q` writes every value as a quoted YAML scalar.
    environment = Environment(
        loader=FileSystemLoader(assets.templates()), undefined=StrictUndefined, keep_trailing_newline=True
    )
    environment.filters["q"] = quoted
    return environment.get_template("compose.yaml.j2").render(
        lab=stack.name,
        file=stack.file,
        project=project_name(stack.name),
        labels=lab_labels(stack),
        sfu=sfu_service(stack),
        sfu_is_probed=isinstance(stack.sfu, Sfu) and stack.sfu.bundled,
        clients=client_services(stack, ports),
    )


def quoted(value: Any) -> str:
    """`value` as YAML (JSON is a part of it) in which Compose finds no variable of its own to fill in."""
    return json.dumps(value, ensure_ascii=False).replace("$", "$$")
