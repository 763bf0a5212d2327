"""Reads a stack file into a Stack; reports every mistake with its line before anything starts."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import get_args

from .. import assets
from ..contract import SFU_HOST, TURN_HOST, companion_name
from ..errors import WrongUse
from .allow import is_network, read_allow
from .bundled import find_file
from .clients import read_clients
from .compose_source import ComposeConfig, ComposeFile, ComposeInput, read_compose, read_files
from .fields import check_name, read_network, refuse_bad_name
from .hosts import refuse_flows
from .measured import MeasuredEntry, read_measured
from .mistakes import Mistakes
from .model import CONDITIONABLE, ExternalSfu, Ip, Sfu, Stack, StackClient, StackNetwork, StackRouter, StackService
from .routers import read_routers, refuse_beside_routers, with_uplinks
from .services import is_service, measured_entries, read_services, server_service
from .sfu import read_sfu
from .stack_values import with_values
from .turn import read_turn
from .variables import Variables
from .yaml import Node, read_yaml

MOST_CLIENTS = 500
NO_CLIENTS = "has no clients: add at least one, such as `clients: {client1: {app: chrome}}`"
ReadCompose = Callable[[ComposeInput], ComposeFile]
TOP = ("name", "ip", "allow", "self_control", "compose", "sfu", "turn", "routers", "clients")


def find_stack_file(name: str) -> Path:
    """The file of a stack: a path, or a bundled stack's name with or without `.yaml`."""
    return find_file(name, stack_files(), "stack")


def stack_files() -> dict[str, Path]:
    """The bundled stack files by name."""
    return {file.name: file for file in sorted(assets.stacks().glob("*.yaml"))}


def read_stack(
    name: str,
    lab: str | None = None,
    environment: Mapping[str, str] | None = None,
    compose: ComposeConfig | None = None,
    values: Mapping[str, str] | None = None,
) -> Stack:
    """The stack of a path or a bundled name; `lab` overrides its name. Raises WrongUse.

    `compose` reads the stack's Compose files; without it a stack that has some is rejected. `values` replace those of
    the file, by dotted keys such as `sfu.version`.
    """
    path = find_stack_file(name)
    shown_as = name if Path(name).is_file() else path.name
    variables = Variables(os.environ if environment is None else environment)
    top = with_values(read_yaml(path, shown_as, variables), values or {})
    stack = _read_top(top, path, _reader(compose, variables.given))
    stack = replace(stack, source=path, environment=tuple(sorted(variables.asked & variables.given.keys())))
    return replace(stack, name=_lab_name(lab)) if lab else stack


def _reader(config: ComposeConfig | None, environment: Mapping[str, str]) -> ReadCompose:
    def read(source: ComposeInput) -> ComposeFile:
        if config is None:
            raise WrongUse(f"{source.shown_as}: reading Compose files requires Docker Compose")
        return read_compose(source, environment, config)

    return read


def _read_top(top: Node, path: Path, read: ReadCompose) -> Stack:
    own = top.without_extensions()
    keys = own.mapping(what="a stack with sfu and clients")
    mistakes, folder = Mistakes(), path.parent
    with mistakes.noted():
        own.refuse_unknown(TOP)
    if "clients" not in keys and "compose" not in keys:
        mistakes.report()  # an unknown key may be `clients` with a typo: one mistake, so one message
        top.wrong(NO_CLIENTS)
    name, turn, self_control = _name_from(path), None, False
    services: tuple[StackService, ...] = ()
    clients: tuple[StackClient, ...] = ()
    routers: tuple[StackRouter, ...] = ()
    ip: Ip = "ipv4"
    sfu: Sfu | ExternalSfu | None = None
    conditioned: dict[str, StackNetwork] = {}
    compose: ComposeFile | None = None
    with mistakes.noted():
        name = keys["name"].text("a name") if "name" in keys else name
        refuse_bad_name(name, keys.get("name", top))
    with mistakes.noted():
        ip = _read_ip(keys["ip"]) if "ip" in keys else ip
    with mistakes.noted():
        self_control = "self_control" in keys and keys["self_control"].switch()
    with mistakes.noted():
        compose = _read_compose(keys, folder, read)
    if compose is None and _compose_node(keys):
        mistakes.report()  # everything that names one of its services would be reported too
    with mistakes.noted():
        sfu = read_sfu(keys["sfu"], compose) if "sfu" in keys else None
    with mistakes.noted():
        conditioned = _read_conditioned(keys, folder)
    with mistakes.noted():
        turn = read_turn(keys["turn"], compose) if "turn" in keys else None
    with mistakes.noted():
        services, networks = read_services(keys.get("clients"), compose, folder)
        if compose and isinstance(sfu, Sfu) and sfu.service and SFU_HOST in conditioned:
            services = (*services, server_service(SFU_HOST, sfu.service, keys["sfu"], compose))
    reserved = _reserved(keys, services)
    with mistakes.noted():
        # If `sfu` is invalid, assume it has a page: otherwise every client would report a missing url as well.
        there = sfu or (ExternalSfu("http://sfu") if "sfu" in keys else None)
        clients = _read_clients(keys, there, folder, self_control, compose, reserved)
    with mistakes.noted():
        if "routers" in keys:
            routers, behind = read_routers(keys["routers"], folder, reserved)
            conditioned |= behind
            refuse_beside_routers(keys["routers"], ip, sfu, compose)
            if isinstance(sfu, Sfu):
                # Only a container of ours has the routes to lans without NAT.
                conditioned.setdefault(SFU_HOST, StackNetwork())
    with mistakes.noted():
        clients = with_uplinks(clients, keys.get("clients"), keys.get("routers"))
    mistakes.report()
    if not clients and not services:
        (keys.get("clients") or top).wrong(NO_CLIENTS)
    if ip == "ipv6" and isinstance(sfu, Sfu) and sfu.join and SFU_HOST in conditioned:
        keys["ip"].wrong("a conditioned sfu with `join` requires IPv4: remove its `network`, or use dual")
    stack = Stack(
        name=name,
        file=path.name,
        sfu=sfu,
        clients=clients,
        turn=turn,
        compose=compose,
        services=services,
        routers=routers,
        conditioned=conditioned | networks,
        ip=ip,
    )
    stack = replace(stack, measured=read_measured([*_measured(keys, stack)], stack))
    refuse_flows(stack, lambda owner: _network_of(owner, stack, keys))
    return stack


def _compose_node(keys: Mapping[str, Node]) -> Node | None:
    """Where the stack names its Compose files."""
    sfu = keys["sfu"].value if "sfu" in keys else None
    own: Node | None = sfu.get("compose") if isinstance(sfu, dict) else None
    if own is not None and "compose" in keys:
        own.wrong("the stack has `compose` already: one of them is enough")
    return keys.get("compose", own)


def _network_of(owner: str, stack: Stack, keys: Mapping[str, Node]) -> Node:
    """Where the files have the conditions of a client, server or service."""
    clients = keys["clients"].value if "clients" in keys else {}
    routers = keys["routers"].value if "routers" in keys else {}
    entry = clients.get(stack.groups.get(owner, owner)) or routers.get(owner) or keys.get(owner)
    if entry is not None:
        own = entry.value["networks"].value if "networks" in entry.value else {}
        node: Node = own.get(owner.partition("@")[2]) or entry.value["network"]
        return node
    assert stack.compose
    return stack.compose.conditions[stack.service_of(owner)]


def _read_compose(keys: Mapping[str, Node], folder: Path, read: ReadCompose) -> ComposeFile | None:
    """The Compose project at the top of the stack, or of its media server; paths are relative to `folder`."""
    node = _compose_node(keys)
    if node is None:
        return None
    return read(ComposeInput(files=tuple(read_files(node, folder))))


def _read_conditioned(keys: Mapping[str, Node], folder: Path) -> dict[str, StackNetwork]:
    """The servers' networks by key; whether a server may have one is checked by its reader."""
    return {server: read_network(node, folder) for server, node in _networks(keys).items()}


def _networks(keys: Mapping[str, Node]) -> dict[str, Node]:
    """The `network` of each server that has one."""
    servers = {server: keys[server].value for server in CONDITIONABLE if server in keys}
    return {server: own["network"] for server, own in servers.items() if isinstance(own, dict) and "network" in own}


def _measured(keys: Mapping[str, Node], stack: Stack) -> Iterator[MeasuredEntry]:
    """The parts of the files that may say what is measured."""
    if "sfu" in keys:
        yield MeasuredEntry(keys["sfu"], [SFU_HOST])
    clients = keys.get("clients")
    for group, node in clients.value.items() if clients else ():
        if not is_service(node):
            yield MeasuredEntry(node, [client.name for client in stack.clients if client.group == group])
    yield from measured_entries(clients, stack.compose, stack.services)


def _reserved(keys: Mapping[str, Node], services: Sequence[StackService]) -> dict[str, str]:
    """The names that the lab gives to containers of its own, each with what it is for."""
    turn = {TURN_HOST: "the TURN server"} if "turn" in keys else {}
    companions = {companion_name(server): f"the network of the {server}" for server in _networks(keys)}
    companions |= {companion_name(one.compose_name): f"the network of {one.name}" for one in services}
    return {SFU_HOST: "the media server"} | turn | companions


def _name_from(path: Path) -> str:
    name = re.sub(r"[^a-z0-9_-]+", "-", path.stem.lower()).strip("-_")
    return name or "lab"


def _lab_name(name: str) -> str:
    try:
        check_name(name)
    except ValueError as error:
        raise WrongUse(f"--lab: {error}") from None
    return name


def _read_ip(node: Node) -> Ip:
    if node.value not in get_args(Ip):
        node.wrong(f"{node.quoted()} is not one of {', '.join(get_args(Ip))}")
    ip: Ip = node.value
    return ip


def _read_clients(
    keys: Mapping[str, Node],
    sfu: Sfu | ExternalSfu | None,
    folder: Path,
    self_control: bool,
    compose: ComposeFile | None,
    reserved: Mapping[str, str],
) -> tuple[StackClient, ...]:
    """The clients of the stack with these top-level keys that are containers of ours."""
    if "clients" not in keys:
        return ()
    node, allow = keys["clients"], keys.get("allow")
    named = node.mapping(what="a mapping from clients' names to what they are, such as {client1: {app: chrome}}")
    if not named and not compose:
        node.wrong("is empty: add at least one client")
    groups = {group: description for group, description in named.items() if not is_service(description)}
    mistakes = Mistakes()
    services = compose.services if compose else {}
    clients: dict[str, StackClient] = {}
    for group, description in groups.items():
        with mistakes.noted():
            for client in read_clients(group, description, sfu, folder, reserved):
                if client.name in services:
                    taken = ", ".join(services)
                    description.wrong(
                        f"'{client.name}' is a service of the Compose file: rename the client, or use it with "
                        f"`service: {client.name}`; taken: {taken}"
                    )
                if client.name in clients or client.name in named.keys() - {group}:
                    description.wrong(f"duplicate client name '{client.name}'")
                clients[client.name] = client
        if len(clients) > MOST_CLIENTS:
            description.wrong(f"exceeds the limit of {MOST_CLIENTS} clients")
    mistakes.report()
    with mistakes.noted():
        _refuse_shared_ports(groups, clients)
    ready = []
    for client in clients.values():
        controlled = _controlling(client, groups[client.group], self_control)
        with mistakes.noted():
            ready.append(_allowing(controlled, groups[client.group], allow, clients))
    mistakes.report()
    return tuple(ready)


def _controlling(client: StackClient, description: Node, everywhere: bool) -> StackClient:
    """The client with the stack's `self_control`, unless it has its own."""
    return client if "self_control" in description.value else replace(client, self_control=everywhere)


def _allowing(
    client: StackClient, description: Node, everywhere: Node | None, clients: Mapping[str, StackClient]
) -> StackClient:
    """The client with the entries of its `allow` and the stack's."""
    nodes = [node for node in (everywhere, description.value.get("allow")) if node is not None]
    words = tuple(dict.fromkeys(word for node in nodes for word in read_allow(node, clients) if word != client.name))
    return replace(client, allow=words, public=any(map(is_network, words)))


def _refuse_shared_ports(groups: dict[str, Node], clients: dict[str, StackClient]) -> None:
    owners: dict[int, str] = {}
    for client in clients.values():
        for port in client.ports.given.values():
            if (owner := owners.setdefault(port, client.name)) != client.name:
                groups[client.group].wrong(f"port {port} is already used by {owner}")
