"""The conditioned services of a user's Compose project, and why a service cannot be one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..contract import companion_name
from ..errors import WrongUse, no_such
from .compose_source import ComposeFile
from .fields import NETWORK_KEYS, check_name, read_network, refuse_bad_name
from .measured import MEASURED_KEYS, MeasuredEntry, check_measured
from .mistakes import Mistakes
from .model import StackNetwork, StackService
from .yaml import Node

ALL = "all"
IMPAIR = "impair"
KEYS = ("service", "network", "networks", IMPAIR, *MEASURED_KEYS)
EXTENSION_KEYS = (*NETWORK_KEYS, IMPAIR, *MEASURED_KEYS)
MOST_NETWORKS = 8
"""The networks of one service; a companion has as many interfaces for its application (`INNERS` of its firewall)."""
SHARED = "service:"
"""How `network_mode` begins where a service shares another's network."""

Conditioned = tuple[tuple[StackService, ...], dict[str, StackNetwork]]
"""Services, and the networks of each by name."""


def _read_service(name: str, node: Node, compose: ComposeFile | None, folder: Path) -> Conditioned:
    """One entry of a stack's `clients` that is a service of its Compose project; raises WrongUse with the line."""
    refuse_bad_name(name, node)
    keys = node.mapping(KEYS, "a service such as {service: web}")
    if compose is None:
        keys["service"].wrong("requires the Compose file at the top of the stack, such as `compose: compose.yaml`")
    service = keys["service"].text("the name of a service")
    if service not in compose.services:
        keys["service"].wrong(no_such("service", service, compose.services, where=f" in {compose.shown_as}"))
    if not _impaired(node):
        _refuse_unfit(name, service, keys, compose)
        return (), {}
    if reason := why_not(compose, service):
        keys["service"].wrong(reason)
    network = read_network(keys["network"], folder) if "network" in keys else StackNetwork()
    own = _own_networks(keys["networks"], compose, service, folder) if "networks" in keys else {}
    texts: dict[str, str] = {}
    for other in (network, *own.values()):
        for file, text in other.files.items():
            if texts.setdefault(file, text) != text:  # the companion has one folder for all its networks
                keys["networks"].wrong(f"two files are named {file}; rename one of them")
    return _conditioned(compose, name, service, network, own)


def _impaired(node: Node) -> bool:
    """Whether a service is to be conditioned, and not only measured."""
    return IMPAIR not in node.value or node.value[IMPAIR].switch()


def _refuse_unfit(name: str, service: str, keys: Mapping[str, Node], compose: ComposeFile) -> None:
    """Raise WrongUse for a service that is not conditioned, but is described as if it were."""
    for key in ("network", "networks"):
        if key in keys:
            keys[key].wrong(f"has no effect with `{IMPAIR}: false`: remove one of them")
    if name != service:
        keys["service"].wrong(f"a service with `{IMPAIR}: false` keeps its name: call the entry {service}")
    if service in compose.conditions:
        keys["service"].wrong(f"{service} has `x-synthlab` in {compose.shown_as} already: keep one of both places")
    _refuse_replicas(service, keys[IMPAIR], compose)


def _refuse_replicas(service: str, node: Node, compose: ComposeFile) -> None:
    if replica_names(compose, service):
        node.wrong(f"{service} has several replicas, which can be measured only if they are conditioned")


def measured_entries(
    clients: Node | None, compose: ComposeFile | None, services: Iterable[StackService]
) -> Iterator[MeasuredEntry]:
    """What the services' entries and their `x-synthlab` say of measuring them; read after all services."""
    members: dict[str, list[str]] = {}
    for one in services:
        members.setdefault(one.group, []).append(one.name)
    for name, node in clients.value.items() if clients else ():
        if is_service(node):
            yield MeasuredEntry(node, members.get(name, [name]))
    for service, node in compose.conditions.items() if compose else ():
        yield MeasuredEntry(node, members.get(service, [service]))


def _own_networks(node: Node, compose: ComposeFile, service: str, folder: Path) -> dict[str, StackNetwork]:
    """The conditions of each network that has its own."""
    separate = separate_networks(compose, service)
    entries = node.mapping(what="a mapping from networks to conditions, such as {front: {egress: {loss: 5%}}}")
    if not separate:
        node.wrong(f"{service} is on one network: use `network`")
    node.refuse_unknown(separate)
    return {name: read_network(entry, folder) for name, entry in entries.items()}


def read_services(clients: Node | None, compose: ComposeFile | None, folder: Path) -> Conditioned:
    """The conditioned services of a stack: those among its `clients`, and those with `x-synthlab`."""
    mistakes, found, unimpaired = Mistakes(), list[Conditioned](), dict[str, Node]()
    entries = clients.value if clients and isinstance(clients.value, dict) else {}  # anything else is reported already
    for name, node in entries.items():
        if is_service(node):
            with mistakes.noted():
                found.append(_read_service(name, node, compose, folder))
                check_measured(node)
                if not found[-1][0]:
                    unimpaired[name] = node
    if compose:
        with mistakes.noted():
            found.append(_read_extensions(compose, folder))
    mistakes.report()
    services, networks = joined(found)
    for service in services:
        if service.service in unimpaired:
            unimpaired[service.service].wrong(f"is conditioned as {service.group}: keep one of both places")
    return services, networks


def is_service(node: Node) -> bool:
    """Whether an entry of `clients` is a service of the Compose project."""
    return isinstance(node.value, dict) and "service" in node.value


def server_service(name: str, service: str, node: Node, compose: ComposeFile) -> StackService:
    """A conditioned server of the stack that is a service of its Compose project."""
    if reason := why_not(compose, service):
        node.wrong(reason)
    if replica_names(compose, service):
        node.wrong(f"{service} has several replicas, and the {name} is one container: remove them")
    if separate_networks(compose, service):
        node.wrong(f"{service} has several networks, or none with a way out: list it among the clients instead")
    return StackService(name=name, service=service, group=name)


def _read_extensions(compose: ComposeFile, folder: Path) -> Conditioned:
    """The services that have `x-synthlab`; raises WrongUse naming service and key."""
    found, mistakes = list[Conditioned](), Mistakes()
    for service, node in compose.conditions.items():
        with mistakes.noted():
            _refuse_unnamed(service, node)
            node.mapping(EXTENSION_KEYS, "a network such as {egress: {latency: 50ms}}")
            check_measured(node)
            network = {key: value for key, value in node.value.items() if key in NETWORK_KEYS}
            if not _impaired(node):
                _refuse_replicas(service, node.value[IMPAIR], compose)
                for key, value in network.items():
                    value.wrong(f"has no effect with `{IMPAIR}: false`: remove {key}")
                continue
            if reason := why_not(compose, service):
                node.wrong(reason)
            found.append(_conditioned(compose, service, service, read_network(replace(node, value=network), folder)))
    mistakes.report()
    return joined(found)


def impaired(compose: ComposeFile, names: Iterable[str]) -> Conditioned:
    """The services that `--impair` names, without any condition yet; `all` means those that can be impaired.

    One with `x-synthlab` is impaired anyway, and left out. Raises WrongUse for a service that does not exist or cannot
    be impaired.
    """
    wanted = list(dict.fromkeys(names))
    if ALL in wanted and ALL not in compose.services:
        wanted = [service for service in compose.services if not why_not(compose, service)]
        if not wanted:
            raise WrongUse(f"--impair: nothing in {compose.shown_as} can be impaired: {'; '.join(reasons(compose))}")
    for service in wanted:
        if service not in compose.services:
            raise WrongUse(
                f"--impair: {no_such('service', service, compose.services, where=f' in {compose.shown_as}')}"
            )
        if reason := why_not(compose, service):
            raise WrongUse(f"--impair {service}: {reason}")
        if ALL not in names and service in compose.conditions and not _impaired(compose.conditions[service]):
            raise WrongUse(f"--impair {service}: its `x-synthlab` has `{IMPAIR}: false`: remove one of them")
    others = [service for service in wanted if service not in compose.conditions]
    return joined(_conditioned(compose, service, service, StackNetwork()) for service in others)


def joined(parts: Iterable[Conditioned]) -> Conditioned:
    """Several as one; raises WrongUse for a service that is there twice."""
    services, networks = list[StackService](), dict[str, StackNetwork]()
    for some, theirs in parts:
        for service in some:
            if service.compose_name in [one.compose_name for one in services]:
                raise WrongUse(f"the service {service.service} is conditioned twice: keep one of both places")
        services += some
        networks |= theirs
    return tuple(services), networks


def why_not(compose: ComposeFile, service: str) -> str | None:
    """Why a service cannot be conditioned, and what can be done; None if it can."""
    body = compose.services[service]
    mode = str(body.get("network_mode", ""))
    if mode.startswith(SHARED):
        other = mode.removeprefix(SHARED)
        return f"{service} shares the network of {other}: impair {other}, which applies to both"
    if mode not in ("", "bridge"):
        return f"{service} has `network_mode: {mode}`, so it has no network of its own: give it one, without that key"
    if body.get("privileged"):
        return f"{service} is privileged, so it could undo its conditions: use cap_add with what it needs"
    if replica_count(body) == 0:
        return f"{service} has no replicas: give it one or more"
    if len(networks_of(body)) > MOST_NETWORKS:
        return f"{service} is on {len(networks_of(body))} networks: at most {MOST_NETWORKS} are supported"
    for other, theirs in compose.services.items():
        if theirs.get("network_mode") == f"{SHARED}{service}" and theirs.get("privileged"):
            return f"{other} shares the network of {service} and is privileged, so it could undo its conditions"
    replicas = replica_names(compose, service)
    if taken := {*replicas, *map(companion_name, replicas or [service])} & {*compose.services}:
        return f"{min(taken)} would be a container of {service}'s: rename that service"
    try:
        check_name(service)
    except ValueError as error:
        return f"{error}: name it in a stack file, with `clients: {{a-name: {{service: {service}}}}}`"
    return None


def reasons(compose: ComposeFile) -> Iterator[str]:
    """Why each service that cannot be conditioned cannot."""
    for service in compose.services:
        if reason := why_not(compose, service):
            yield reason


def networks_of(body: Mapping[str, Any]) -> list[str]:
    """The names of a service's networks; empty if it has none of its own."""
    if body.get("network_mode"):
        return []
    return list(body.get("networks") or {"default": None})


def replica_names(compose: ComposeFile, service: str) -> list[str]:
    """The names that the replicas of a service get; empty for a single container."""
    count = replica_count(compose.services[service])
    return [f"{service}-{number}" for number in range(1, count + 1)] if count != 1 else []


def replica_count(body: Mapping[str, Any]) -> int:
    """How many containers Compose makes of a service."""
    deployed = (body.get("deploy") or {}).get("replicas")
    return int(body.get("scale", 1 if deployed is None else deployed))


def _conditioned(
    compose: ComposeFile,
    name: str,
    service: str,
    network: StackNetwork,
    own: Mapping[str, StackNetwork] | None = None,
) -> Conditioned:
    """A service, or each of its replicas; every network has the conditions of `network`, or its `own`."""
    networks = separate_networks(compose, service)
    single = StackService(name=name, service=service, group=name, networks=networks)
    numbers = range(1, len(replica_names(compose, service)) + 1)
    each = tuple(replace(single, name=f"{name}-{number}", replica=number) for number in numbers) or (single,)
    given = own or {}
    return each, {
        f"{one.name}@{place}" if place else one.name: given.get(place, network)
        for one in each
        for place in networks or ("",)
    }


def separate_networks(compose: ComposeFile, service: str) -> tuple[str, ...]:
    """The networks of a service that are conditioned one by one: several, or one without a way out.

    A single network with a way out needs no name, as it is found by its default route.
    """
    names = networks_of(compose.services[service])
    named = compose.named.get("networks", {})
    alone = len(names) == 1 and not (named.get(names[0]) or {}).get("internal")
    return () if alone else tuple(names)


def _refuse_unnamed(service: str, node: Node) -> None:
    try:
        check_name(service)
    except ValueError as error:
        node.wrong(str(error))
