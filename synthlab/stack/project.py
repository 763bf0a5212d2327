"""The lab of a user's own Compose project, of which some services are impaired."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from ..errors import WrongUse
from .compose_source import EXTENSION, ComposeConfig, ComposeFile, ComposeInput, read_compose
from .fields import MAX_NAME, check_name
from .hosts import refuse_flows
from .measured import read_measured
from .model import Stack
from .services import impaired, joined, measured_entries, read_services

PROJECT_VARIABLE = "COMPOSE_PROJECT_NAME"


def read_project(
    source: ComposeInput,
    impair: Iterable[str],
    compose: ComposeConfig,
    lab: str | None = None,
    environment: Mapping[str, str] | None = None,
) -> Stack:
    """The lab of a Compose project: services with `x-synthlab`, and those in `impair`. Raises WrongUse.

    Its name is `lab`, or the project's. The containers' project is the one the user fixed, if any, else derived from
    the lab's name, so that it never meets a project that was brought up without synthlab.
    """
    given = os.environ if environment is None else environment
    read = read_compose(source, given, compose)
    fixed = source.project or given.get(PROJECT_VARIABLE) or None
    name = lab or _lab_name(read, fixed)
    folder = source.files[0].parent if source.files else Path()
    services, networks = joined([read_services(None, read, folder), impaired(read, impair)])
    if not services:
        raise WrongUse(
            f"{source.shown_as}: nothing is impaired: name a service with --impair, or give one `{EXTENSION}: {{}}`; "
            f"services: {', '.join(read.services)}"
        )
    stack = Stack(
        name=name,
        file=source.files[0].name if source.files else "compose.yaml",
        sfu=None,
        clients=(),
        compose=read,
        services=services,
        conditioned=networks,
        project=fixed,
        source=source.files[0] if source.files else None,
    )
    stack = replace(stack, measured=read_measured([*measured_entries(None, read, services)], stack))
    refuse_flows(stack, lambda owner: read.conditions[stack.service_of(owner)])
    return stack


def _lab_name(read: ComposeFile, fixed: str | None) -> str:
    name = fixed or read.name
    try:
        check_name(name)
    except ValueError as error:
        if fixed:
            raise WrongUse(f"-p: {error}") from None
        return re.sub(r"[^a-z0-9_-]+", "-", name.lower()).strip("-_")[:MAX_NAME] or "compose"
    return name
