"""From a stack file to a Stack: every mistake is found here, with its line, before anything starts."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from .. import assets
from ..apps import SFU_APPS
from ..errors import WrongUse, did_you_mean
from ..yamlfile import Node, read_yaml
from .clients import read_clients
from .fields import check_name, read_address, read_command, read_env, read_image, refuse_bad_name
from .model import Client, ExternalSfu, Sfu, Stack

_VERSION = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")
_KINDS_OF_SFU = ("app", "image", "external")


def find_stack_file(name: str) -> Path:
    """The file that `name` means: a path, or a bundled stack with or without `.yaml`."""
    if Path(name).is_file():
        return Path(name)
    bundled = {file.name: file for file in sorted(assets.stacks().glob("*.yaml"))}
    for candidate in (name, f"{name}.yaml"):
        if candidate in bundled:
            return bundled[candidate]
    raise WrongUse(f"{name}: no such stack file{did_you_mean(name, bundled)}; bundled: {', '.join(bundled)}")


def read_stack(name: str, lab: str | None = None, environment: Mapping[str, str] | None = None) -> Stack:
    """The stack of a path or a bundled name; `lab` replaces the name that it gives itself. Raises WrongUse."""
    path = find_stack_file(name)
    shown_as = name if Path(name).is_file() else path.name
    top = read_yaml(path, shown_as, os.environ if environment is None else environment)
    stack = _read_top(top, path)
    return replace(stack, name=_lab_name(lab)) if lab else stack


def _read_top(top: Node, path: Path) -> Stack:
    keys = _without_extensions(top).mapping(("name", "sfu", "clients"), "a stack with sfu and clients")
    if "clients" not in keys:
        top.wrong("names no clients: give at least one, such as `clients: {client1: {app: chrome}}`")
    sfu = _read_sfu(keys["sfu"]) if "sfu" in keys else None
    name = keys["name"].text("a name") if "name" in keys else _name_from(path)
    refuse_bad_name(name, keys.get("name", top))
    return Stack(name=name, file=path.name, sfu=sfu, clients=_read_clients(keys["clients"], sfu, path.parent))


def _without_extensions(top: Node) -> Node:
    """The top without its `x-` keys, which hold anchors and notes of the file's author."""
    if not isinstance(top.value, dict):
        return top
    return replace(top, value={key: node for key, node in top.value.items() if not key.startswith("x-")})


def _name_from(path: Path) -> str:
    name = re.sub(r"[^a-z0-9_-]+", "-", path.stem.lower()).strip("-_")
    return name or "lab"


def _lab_name(name: str) -> str:
    try:
        check_name(name)
    except ValueError as error:
        raise WrongUse(f"--name: {error}") from None
    return name


def _read_sfu(node: Node) -> Sfu | ExternalSfu:
    keys = node.mapping((*_KINDS_OF_SFU, "version", "url", "env", "command"), "an sfu such as {app: janus}")
    kinds = [kind for kind in _KINDS_OF_SFU if kind in keys]
    if len(kinds) != 1:
        node.wrong(f"needs exactly one of {', '.join(_KINDS_OF_SFU)}")
    if kinds == ["external"]:
        return _read_external(keys)
    sfu = _read_bundled(keys) if kinds == ["app"] else _read_own(keys)
    env = read_env(keys["env"]) if "env" in keys else {}
    command = read_command(keys["command"]) if "command" in keys else ()
    return replace(sfu, env=env, command=command)


def _read_external(keys: dict[str, Node]) -> ExternalSfu:
    for key in keys.keys() - {"external"}:
        keys[key].wrong("has no meaning for an external sfu, which runs elsewhere")
    page = read_address(keys["external"])
    if not page.startswith(("http://", "https://")):
        keys["external"].wrong(f"{page!r} is not an address that begins with http:// or https://")
    return ExternalSfu(page)


def _read_bundled(keys: dict[str, Node]) -> Sfu:
    name = keys["app"].text("the name of an app")
    if name not in SFU_APPS:
        keys["app"].wrong(f"no such sfu app '{name}'{did_you_mean(name, SFU_APPS)}; bundled: {', '.join(SFU_APPS)}")
    app = SFU_APPS[name]
    version = keys["version"].text("a version") if "version" in keys else app.version
    if not _VERSION.fullmatch(version):
        keys["version"].wrong(f"{version!r} is not a version such as '{app.version}'")
    page = read_address(keys["url"]) if "url" in keys else app.page
    return Sfu(app=name, image=f"{app.image}:{version}", bundled=True, page=page)


def _read_own(keys: dict[str, Node]) -> Sfu:
    if "version" in keys:
        keys["version"].wrong("belongs to a bundled app; an image has it in its tag")
    page = read_address(keys["url"]) if "url" in keys else None
    image = read_image(keys["image"])
    return Sfu(app=image, image=image, page=page)


def _read_clients(node: Node, sfu: Sfu | ExternalSfu | None, folder: Path) -> tuple[Client, ...]:
    groups = node.mapping(what="a mapping from clients' names to what they are, such as {client1: {app: chrome}}")
    if not groups:
        node.wrong("is empty: name at least one client")
    clients: dict[str, Client] = {}
    for group, description in groups.items():
        for client in read_clients(group, description, sfu, folder):
            if client.name in clients or client.name in groups.keys() - {group}:
                description.wrong(f"makes a second client named '{client.name}'")
            clients[client.name] = client
    _refuse_shared_ports(groups, clients)
    return tuple(clients.values())


def _refuse_shared_ports(groups: dict[str, Node], clients: dict[str, Client]) -> None:
    owners: dict[int, str] = {}
    for client in clients.values():
        for port in (client.ports.api, client.ports.vnc):
            owner = owners.setdefault(port, client.name) if port else client.name
            if port in owners and owner != client.name:
                groups[client.group].wrong(f"port {port} is {owner}'s already")
